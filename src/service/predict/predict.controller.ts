import { Controller, HttpCode, Post, UseInterceptors } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiBatchProblems, ApiProblems } from '../request/api-problems.js';
import { CheckedRequest } from '../http/checked-request.js';
import { AnswerInterceptor, type Handled } from '../http/answer.interceptor.js';
import { ForClients } from '../http/client-route.js';
import { ApiClientKey } from '../request/api-security.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../request/api-headers.js';
import { CurrentRequest } from '../request/current-request.js';
import type { RequestContext } from '../request/request-context.js';
import type { WireRequest } from '../request/wire-request.js';
import { NativeDialect } from '../dialects/native/native-dialect.js';
import {
  FailedBatchAnswerDto,
  PredictAnswerDto,
  PredictBatchAnswerDto,
  PredictBatchRequest,
  PredictRequest,
  TextAnswerDto,
  TextErrorDto,
} from '../dialects/native/predict.dto.js';
import { WireAnswers } from '../dialects/wire-answers.js';

/** Problems of the whole request; in a batch, the problem of one text is reported at its index. */
const REQUEST_PROBLEMS = [
  'INVALID_REQUEST',
  'MALFORMED_JSON',
  'UNAUTHENTICATED',
  'FORBIDDEN',
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
@ApiClientKey()
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
  constructor(
    private readonly wire: WireAnswers,
    private readonly native: NativeDialect,
  ) {}

  @Post('predict')
  @ForClients({ asksModel: true })
  @HttpCode(200)
  @ApiOperation({
    summary: 'Classify one text',
    description: 'By the default model and the version that its rollout picks, unless the body names others.',
  })
  @ApiBody({ type: PredictRequest })
  @ApiOkResponse({
    type: PredictAnswerDto,
    description: 'The best label and its score.',
    headers: ANSWER_HEADERS,
  })
  @ApiProblems(...REQUEST_PROBLEMS, 'EMPTY_TEXT', 'INFERENCE_FAILED', 'DEADLINE_EXCEEDED')
  predict(
    @CheckedRequest(PredictRequest) request: WireRequest,
    @CurrentRequest() context: RequestContext,
  ): Promise<Handled> {
    return this.wire.handle(this.native, request, context);
  }

  @Post('predict_batch')
  @ForClients({ asksModel: true })
  @HttpCode(200)
  @ApiOperation({
    summary: 'Classify several texts',
    description:
      'A bad text gets an error in its place and spares the rest. When all fail for one reason that another attempt ' +
      'can change, the status is that of their code, and the body is the same.',
  })
  @ApiBody({ type: PredictBatchRequest })
  @ApiExtraModels(TextAnswerDto, TextErrorDto)
  @ApiOkResponse({
    type: PredictBatchAnswerDto,
    description: 'One result per text, in order.',
    headers: ANSWER_HEADERS,
  })
  @ApiBatchProblems(FailedBatchAnswerDto, ...REQUEST_PROBLEMS, 'BATCH_TOO_LARGE', 'DEADLINE_EXCEEDED')
  predictBatch(
    @CheckedRequest(PredictBatchRequest) request: WireRequest,
    @CurrentRequest() context: RequestContext,
  ): Promise<Handled> {
    return this.wire.handle(this.native, request, context);
  }
}
