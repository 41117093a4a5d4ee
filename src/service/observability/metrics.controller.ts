import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { Response } from 'express';
import { ApiProblems } from '../request/api-problems.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../request/api-headers.js';

/** GET /metrics in the Prometheus text format. PrometheusModule sets its path. */
@ApiTags('operations')
@ApiRequestHeaders()
@Controller()
export class MetricsController extends PrometheusController {
  @Get()
  @ApiOperation({
    operationId: 'getMetrics',
    summary: 'Metrics',
    description: 'Every metric has the prefix `serin_`.',
  })
  @ApiProblems('INVALID_REQUEST', 'METHOD_NOT_ALLOWED')
  @ApiProduces('text/plain')
  @ApiOkResponse({
    description: 'Prometheus text format.',
    headers: ANSWER_HEADERS,
    schema: { type: 'string' },
  })
  override index(@Res({ passthrough: true }) response: Response): Promise<string> {
    return super.index(response);
  }
}
