import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../errors/api-problems.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../observability/api-headers.js';
import { ModelRegistryService, type VersionStatus } from './model-registry.service.js';
import { ModelDto, ModelListDto, type VersionDto } from './models.dto.js';

function toDto({ name, version, state, reason, role }: VersionStatus): VersionDto {
  const manifest = version?.manifest;
  return {
    version: name,
    state,
    reason,
    role,
    digest: version?.digest ?? null,
    task: manifest?.task ?? null,
    labels: manifest?.labels ?? null,
    max_tokens: manifest?.max_tokens ?? null,
    precision: manifest?.precision ?? null,
    accuracy: manifest?.accuracy ? { ...manifest.accuracy, interval_95: [...manifest.accuracy.interval_95] } : null,
    parity: manifest?.checked_on?.map((record) => ({ ...record, features: [...record.features] })) ?? null,
    batch_variance: manifest?.batch_variance ?? null,
  };
}

/** What the registry holds. */
@ApiTags('models')
@ApiRequestHeaders()
@Controller('models')
export class ModelsController {
  constructor(private readonly registry: ModelRegistryService) {}

  @Get()
  @ApiOperation({ summary: 'All models with their versions' })
  @ApiOkResponse({ type: ModelListDto, description: 'Every model of the registry.', headers: ANSWER_HEADERS })
  @ApiProblems('INVALID_REQUEST', 'METHOD_NOT_ALLOWED')
  listModels(): ModelListDto {
    return { models: this.registry.models().map((name) => this.describe(name)) };
  }

  @Get(':name')
  @ApiOperation({ summary: 'One model with its versions' })
  @ApiOkResponse({ type: ModelDto, description: 'The model.', headers: ANSWER_HEADERS })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'METHOD_NOT_ALLOWED')
  getModel(@Param('name') name: string): ModelDto {
    return this.describe(name);
  }

  private describe(name: string): ModelDto {
    return {
      model_name: name,
      default: name === this.registry.defaultModel,
      versions: this.registry.describe(name).map(toDto),
    };
  }
}
