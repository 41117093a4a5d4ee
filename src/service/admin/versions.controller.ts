import { setTimeout as delay } from 'node:timers/promises';
import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../request/api-problems.js';
import { AppError } from '../../base/errors/app-error.js';
import { VersionLoader } from '../inference/version-loader.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { VersionDto, versionDtoOf } from '../model-registry/models.dto.js';
import { ApiAdminToken } from '../request/api-security.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../request/api-headers.js';
import { audit } from '../observability/audit.js';
import { CurrentRequest } from '../request/current-request.js';
import { timeoutOf } from '../http/deadline.js';
import { Lifecycle } from '../request/lifecycle.js';
import type { RequestContext } from '../request/request-context.js';

/**
 * Longest wait for a load or unload, unless x-deadline-ms is shorter. REQUEST_TIMEOUT_MS does not apply: it is meant
 * for predictions, and loading a large model into many workers takes minutes. Started work continues after the answer.
 */
const ANSWER_LIMIT_MS = 120_000;

/** How often a waiting call checks whether the service is shutting down. */
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

/** Loads and unloads versions while the service runs. */
@ApiTags('admin')
@ApiAdminToken()
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
    return this.change('load', { name, version }, timeoutOf(context.wantedMs, ANSWER_LIMIT_MS), context);
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
    return this.change('unload', { name, version }, timeoutOf(context.wantedMs, ANSWER_LIMIT_MS), context);
  }

  private async change(
    action: 'load' | 'unload',
    { name: model, version }: Readonly<Record<'name' | 'version', string>>,
    limitMs: number,
    { requestId }: RequestContext,
  ): Promise<VersionDto> {
    const line = { model, version, request_id: requestId };
    try {
      this.assertServing();
      await this.inTime(this.loader[action](model, version), limitMs);
    } catch (error) {
      const [outcome, detail] = error instanceof AppError ? [error.code, error.message] : ['INTERNAL', null];
      audit(`version.${action}`, { ...line, outcome, detail });
      throw error;
    }
    const status = this.registry.status(model, version);
    audit(`version.${action}`, { ...line, outcome: status.state, digest: status.version?.digest ?? null });
    return versionDtoOf(status);
  }

  /** Waits for the work until the time limit or a shutdown. */
  private async inTime(work: Promise<void>, limitMs: number): Promise<void> {
    const startedAt = performance.now();
    const given = new AbortController();
    const late = async (): Promise<void> => {
      while (performance.now() - startedAt < limitMs) {
        await delay(Math.min(CHECK_MS, limitMs), undefined, { signal: given.signal });
        this.assertServing();
      }
      throw new AppError(
        'DEADLINE_EXCEEDED',
        'It takes longer than the answer may, and goes on; GET /models shows how far it is.',
      );
    };
    try {
      await Promise.race([work, late()]);
    } finally {
      given.abort();
    }
  }

  private assertServing(): void {
    if (this.lifecycle.phase === 'serving') return;
    throw new AppError('SHUTTING_DOWN', 'This instance is shutting down; its versions stay as they are.');
  }
}
