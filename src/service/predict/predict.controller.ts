import { Controller, Headers, HttpCode, Post, UseInterceptors } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { asksForFreshAnswer } from '../cache/cache-control.js';
import { ApiProblems } from '../request/api-problems.js';
import { CheckedBody } from '../http/checked-body.js';
import { AnswerInterceptor, type Answered } from '../http/answer.interceptor.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../request/api-headers.js';
import { CurrentRequest } from '../request/current-request.js';
import type { RequestContext } from '../request/request-context.js';
import {
  PredictAnswerDto,
  PredictBatchAnswerDto,
  PredictBatchRequest,
  type PredictOptions,
  PredictRequest,
  TextAnswerDto,
  TextErrorDto,
} from './predict.dto.js';
import { type BatchAnswer, type PredictChoice, PredictService } from '../answers/predict.service.js';
import type { TextAnswer } from '../../engine/text-answer.js';

const choiceOf = (
  { model, version, top_k: topK }: PredictOptions,
  routingKey: string | undefined,
  cacheControl: string | undefined,
): PredictChoice => ({
  model,
  version,
  topK,
  routingKey,
  refresh: asksForFreshAnswer(cacheControl),
});

/** What concerns the whole request; in a batch, what concerns one text stands in its place. */
const REQUEST_PROBLEMS = [
  'INVALID_REQUEST',
  'MALFORMED_JSON',
  'UNAUTHENTICATED',
  'MODEL_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'RATE_LIMITED',
  'OVERLOADED',
  'INTERNAL',
  'NOT_READY',
  'VERSION_NOT_READY',
  'SHUTTING_DOWN',
] as const;

/** Text in, label out. */
@ApiTags('prediction')
@ApiSecurity('bearer')
@ApiSecurity('api_key')
@ApiHeader({
  name: 'x-routing-key',
  required: false,
  description: 'Who the request is for: the same key meets the same version. Absent: the text decides.',
})
@ApiHeader({
  name: 'cache-control',
  required: false,
  description: '`no-cache` computes the answer afresh, and replaces what the cache holds.',
})
@ApiRequestHeaders()
@UseInterceptors(AnswerInterceptor)
@Controller()
export class PredictController {
  constructor(private readonly service: PredictService) {}

  @Post('predict')
  @HttpCode(200)
  @ApiOperation({ summary: 'Classify one text' })
  @ApiBody({ type: PredictRequest })
  @ApiOkResponse({
    type: PredictAnswerDto,
    description: 'The best label and its score.',
    headers: ANSWER_HEADERS,
  })
  @ApiProblems(...REQUEST_PROBLEMS, 'EMPTY_TEXT', 'INFERENCE_FAILED', 'DEADLINE_EXCEEDED')
  predict(
    @CheckedBody(PredictRequest) body: PredictRequest,
    @Headers('x-routing-key') routingKey: string | undefined,
    @Headers('cache-control') cacheControl: string | undefined,
    @CurrentRequest() context: RequestContext,
  ): Promise<Answered<TextAnswer>> {
    return this.service.predict(body.text, choiceOf(body, routingKey, cacheControl), context);
  }

  @Post('predict_batch')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Classify several texts',
    description: 'A bad text gets an error in its place and spares the rest.',
  })
  @ApiBody({ type: PredictBatchRequest })
  @ApiExtraModels(TextAnswerDto, TextErrorDto)
  @ApiOkResponse({
    type: PredictBatchAnswerDto,
    description: 'One result per text, in order.',
    headers: ANSWER_HEADERS,
  })
  @ApiProblems(...REQUEST_PROBLEMS)
  predictBatch(
    @CheckedBody(PredictBatchRequest) body: PredictBatchRequest,
    @Headers('x-routing-key') routingKey: string | undefined,
    @Headers('cache-control') cacheControl: string | undefined,
    @CurrentRequest() context: RequestContext,
  ): Promise<Answered<BatchAnswer>> {
    return this.service.predictBatch(body.texts, choiceOf(body, routingKey, cacheControl), context);
  }
}
