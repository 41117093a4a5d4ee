import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../errors/api-problems.js';
import { AppError } from '../errors/app-error.js';
import { VersionLoader } from '../inference/version-loader.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { VersionDto, versionDtoOf } from '../model-registry/models.dto.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../observability/api-headers.js';
import { audit } from '../observability/audit.js';
import { CurrentRequest } from '../observability/current-request.js';
import { Lifecycle } from '../observability/lifecycle.js';
import type { RequestContext } from '../observability/request-context.js';

/**
 * How long the answer to a load or unload may take. It is not REQUEST_TIMEOUT_MS, which is made for predictions: a
 * large model in many workers takes minutes. What has begun goes on after the answer.
 */
const ANSWER_LIMIT_MS = 120_000;

/** How often a waiting call looks whether it may wait on. */
const CHECK_MS = 100;

const PROBLEMS = [
  'INVALID_REQUEST',
  'UNAUTHENTICATED',
  'NOT_FOUND',
  'MODEL_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'CONFLICT',
  'VERSION_REFUSED',
  'SHUTTING_DOWN',
  'DEADLINE_EXCEEDED',
] as const;

/** Versions in and out of the workers while the service runs. */
@ApiTags('admin')
@ApiSecurity('bearer')
@ApiRequestHeaders()
@Controller('admin/models/:name/versions/:version')
export class VersionsController {
  constructor(
    private readonly loader: VersionLoader,
    private readonly registry: ModelRegistryService,
    private readonly lifecycle: Lifecycle,
  ) {}

  @Post('load')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Load a version while serving',
    description:
      'Reads its folder again, checks memory and files, and loads it into one worker after the other. Answers when it is ready in all of them, after two minutes at the latest; GET /models/{name} shows how far it is.',
  })
  @ApiOkResponse({ type: VersionDto, description: 'The version, ready.', headers: ANSWER_HEADERS })
  @ApiProblems(...PROBLEMS)
  loadVersion(
    @Param('name') name: string,
    @Param('version') version: string,
    @CurrentRequest() context: RequestContext,
  ): Promise<VersionDto> {
    return this.change('load', name, version, context);
  }

  @Post('unload')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Unload a version while serving',
    description:
      'Requests that name it are told VERSION_NOT_READY from now on; those in flight are answered. Answers when every worker has released its memory.',
  })
  @ApiOkResponse({ type: VersionDto, description: 'The version, unloaded.', headers: ANSWER_HEADERS })
  @ApiProblems(...PROBLEMS)
  unloadVersion(
    @Param('name') name: string,
    @Param('version') version: string,
    @CurrentRequest() context: RequestContext,
  ): Promise<VersionDto> {
    return this.change('unload', name, version, context);
  }

  private async change(
    action: 'load' | 'unload',
    model: string,
    version: string,
    { requestId }: RequestContext,
  ): Promise<VersionDto> {
    const line = { model, version, request_id: requestId };
    try {
      const why = this.whyNotServing();
      if (why !== null) throw why;
      await this.inTime(this.loader[action](model, version));
    } catch (error) {
      const [outcome, detail] = error instanceof AppError ? [error.code, error.message] : ['INTERNAL', null];
      audit(`version_${action}`, { ...line, outcome, detail });
      throw error;
    }
    const status = this.registry.status(model, version);
    audit(`version_${action}`, { ...line, outcome: status.state, digest: status.version?.digest ?? null });
    return versionDtoOf(status);
  }

  /** Waits no longer than an answer may take, nor into a shutdown. */
  private async inTime(work: Promise<void>): Promise<void> {
    const startedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setInterval(() => {
        const why = this.whyNotServing() ?? whyTooLate(startedAt);
        if (why !== null) reject(why);
      }, CHECK_MS);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      clearInterval(timer);
    }
  }

  private whyNotServing(): AppError | null {
    if (this.lifecycle.phase === 'serving') return null;
    return new AppError('SHUTTING_DOWN', 'This instance is shutting down; its versions stay as they are.');
  }
}

function whyTooLate(startedAt: number): AppError | null {
  if (performance.now() - startedAt <= ANSWER_LIMIT_MS) return null;
  return new AppError(
    'DEADLINE_EXCEEDED',
    'It takes longer than an answer may, and goes on; GET /models shows how far it is.',
  );
}
