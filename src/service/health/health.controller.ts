import { Controller, Get, Res, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import type { Response } from 'express';
import { ApiProblems, RETRY_AFTER } from '../request/api-problems.js';
import { AppError } from '../../base/errors/app-error.js';
import { recordFailure, setRetryAfter } from '../request/problem.filter.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../request/api-headers.js';
import { Lifecycle } from '../request/lifecycle.js';
import { GoldenReplay } from './golden-replay.js';
import { FullHealthDto, HealthDto } from './health.dto.js';
import { HealthIndicators } from './health-indicators.js';

/**
 * Returns the health check's result. Terminus throws an unhealthy result; its body is still the answer, with status
 * 503.
 */
async function bodyOf(
  check: Promise<HealthCheckResult>,
  response: Response,
  leaving: boolean,
): Promise<HealthCheckResult> {
  try {
    return await check;
  } catch (error) {
    if (!(error instanceof ServiceUnavailableException)) throw error;
    const result = error.getResponse() as HealthCheckResult;
    const code = leaving ? 'SHUTTING_DOWN' : 'NOT_READY';
    const failure = new AppError(code, `The health check says ${result.status}.`);
    recordFailure(response, failure);
    setRetryAfter(response, failure);
    response.status(503);
    return result;
  }
}

/** Terminus' types allow empty parts to be absent; the answer always has all four. */
const complete = ({ status, info, error, details }: HealthCheckResult): HealthDto => ({
  status,
  info: info ?? {},
  error: error ?? {},
  details,
});

/** The three Kubernetes probes, and the complete health for people and dashboards. */
@ApiTags('operations')
@ApiRequestHeaders()
@ApiProblems('INVALID_REQUEST', 'METHOD_NOT_ALLOWED')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicators,
    private readonly golden: GoldenReplay,
    private readonly registry: ModelRegistryService,
    private readonly lifecycle: Lifecycle,
  ) {}

  private get leaving(): boolean {
    return this.lifecycle.phase !== 'serving';
  }

  @Get()
  @ApiOperation({
    summary: 'Health of everything',
    description: 'Golden texts are replayed through the tokenizer and a worker at most once in ten seconds.',
  })
  @ApiOkResponse({ type: FullHealthDto, description: 'Requests are served.', headers: ANSWER_HEADERS })
  @ApiServiceUnavailableResponse({
    type: FullHealthDto,
    description: 'Something is down.',
    headers: RETRY_AFTER,
  })
  async getHealth(@Res({ passthrough: true }) response: Response): Promise<FullHealthDto> {
    const { inference, versions, tokenization, rollout, redis, configuration } = this.indicators;
    const result = await bodyOf(
      this.health.check([inference, versions, tokenization, rollout, redis, configuration]),
      response,
      this.leaving,
    );
    const model = this.registry.defaultModel;
    const { status, texts, maxScoreDifference, reason, checkedAt } = await this.golden.result();
    return {
      status: result.status,
      info: result.info ?? {},
      error: result.error ?? {},
      details: result.details,
      model_name: model,
      model_version: this.registry.stable(model)?.version ?? null,
      tokenization: {
        status,
        texts,
        max_score_difference: maxScoreDifference,
        reason,
        checked_at: checkedAt,
      },
    };
  }

  /** Shows only that this process answers. It does not use Terminus, which reports a draining process as dead. */
  @Get('live')
  @ApiOperation({
    summary: 'Liveness probe',
    description: 'Says nothing about models and stays 200 while draining.',
  })
  @ApiOkResponse({ type: HealthDto, description: 'Yes.', headers: ANSWER_HEADERS })
  getLive(): HealthDto {
    return { status: 'ok', info: {}, error: {}, details: {} };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'Readiness probe',
    description:
      'Whether a worker is ready with the default model’s stable version; 503 from the first moment of a shutdown.',
  })
  @ApiOkResponse({ type: HealthDto, description: 'Yes.', headers: ANSWER_HEADERS })
  @ApiServiceUnavailableResponse({
    type: HealthDto,
    description: 'Send no requests here.',
    headers: RETRY_AFTER,
  })
  async getReady(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    return complete(await bodyOf(this.health.check([this.indicators.ready]), response, this.leaving));
  }

  @Get('startup')
  @ApiOperation({ summary: 'Startup probe', description: 'Whether everything has been ready once.' })
  @ApiOkResponse({ type: HealthDto, description: 'Yes.', headers: ANSWER_HEADERS })
  @ApiServiceUnavailableResponse({ type: HealthDto, description: 'Still starting.', headers: RETRY_AFTER })
  async getStartup(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    return complete(await bodyOf(this.health.check([this.indicators.startup]), response, this.leaving));
  }
}
