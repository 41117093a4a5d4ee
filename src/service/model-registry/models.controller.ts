import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../request/api-problems.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../request/api-headers.js';
import { ModelRegistryService } from './model-registry.service.js';
import { ModelDto, ModelListDto, versionDtoOf } from './models.dto.js';

/** Lists the models and versions of the registry. */
@ApiTags('models')
@ApiRequestHeaders()
@Controller('models')
export class ModelsController {
  constructor(private readonly registry: ModelRegistryService) {}

  @Get()
  @ApiOperation({
    summary: 'All models with their versions',
    description: 'The state, digest, labels and figures on record of each version in the registry.',
  })
  @ApiOkResponse({ type: ModelListDto, description: 'Every model of the registry.', headers: ANSWER_HEADERS })
  @ApiProblems('INVALID_REQUEST', 'METHOD_NOT_ALLOWED')
  listModels(): ModelListDto {
    return { models: this.registry.models().map((name) => this.describe(name)) };
  }

  @Get(':name')
  @ApiOperation({
    summary: 'One model with its versions',
    description: 'The same of the versions of one model.',
  })
  @ApiOkResponse({ type: ModelDto, description: 'The model.', headers: ANSWER_HEADERS })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'METHOD_NOT_ALLOWED')
  getModel(@Param('name') name: string): ModelDto {
    return this.describe(name);
  }

  private describe(name: string): ModelDto {
    return {
      model_name: name,
      default: name === this.registry.defaultModel,
      versions: this.registry.describe(name).map(versionDtoOf),
    };
  }
}
