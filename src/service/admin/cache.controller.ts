import { Controller, Delete, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { PredictionCache } from '../cache/prediction-cache.js';
import { ApiProblems } from '../request/api-problems.js';
import { badField } from '../../base/errors/app-error.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { ApiAdminToken } from '../request/api-security.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../request/api-headers.js';
import { audit } from '../observability/audit.js';
import { CurrentRequest } from '../request/current-request.js';
import type { RequestContext } from '../request/request-context.js';
import { CachePurgeDto } from './cache.dto.js';

/**
 * The model that a query names; undefined when it names none. Unknown parameters are refused, because a misspelt one
 * would empty the whole cache.
 */
function modelOf(query: Readonly<Record<string, unknown>>): string | undefined {
  const [unknown] = Object.keys(query).filter((name) => name !== 'model');
  if (unknown !== undefined) {
    throw badField(unknown.slice(0, 64), 'is not a known query parameter (allowed: model)');
  }
  const { model } = query;
  if (model === undefined || (typeof model === 'string' && model !== '')) return model;
  throw badField('model', 'must be given once, and name a model');
}

/** Empties the cache while the service runs. */
@ApiTags('admin')
@ApiAdminToken()
@ApiRequestHeaders()
@Controller('admin/cache')
export class CacheController {
  constructor(
    private readonly cache: PredictionCache,
    private readonly registry: ModelRegistryService,
  ) {}

  @Delete()
  @ApiOperation({
    summary: 'Empty the cache',
    description:
      'Removes the kept answers of all models, or of one, from memory and from the second level. Other processes keep what they have in memory.',
  })
  @ApiQuery({ name: 'model', required: false, description: 'Name of a model; all models when absent.' })
  @ApiOkResponse({ type: CachePurgeDto, description: 'What was removed.', headers: ANSWER_HEADERS })
  @ApiProblems('INVALID_REQUEST', 'UNAUTHENTICATED', 'NOT_FOUND', 'MODEL_NOT_FOUND', 'METHOD_NOT_ALLOWED')
  async purgeCache(
    @Query() query: Readonly<Record<string, unknown>>,
    @CurrentRequest() { requestId }: RequestContext,
  ): Promise<CachePurgeDto> {
    const model = modelOf(query);
    // describe() throws when the model does not exist.
    if (model !== undefined) this.registry.describe(model);
    const { entries, secondLevel } = await this.cache.purge(model === undefined ? {} : { model });
    const purged = {
      model_name: model ?? null,
      memory_entries: entries,
      second_level_purged: secondLevel,
    };
    audit('cache_purge', { request_id: requestId, ...purged });
    return purged;
  }
}
