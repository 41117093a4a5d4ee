import { Body, Controller, HttpCode, Post, UseInterceptors } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../request/api-problems.js';
import { Access } from '../http/access/access.js';
import { AnswerInterceptor, type Handled } from '../http/answer.interceptor.js';
import { ForClients } from '../http/client-route.js';
import { StrictBody } from '../http/strict-body.pipe.js';
import { ApiClientKey } from '../request/api-security.js';
import { ApiRequestHeaders } from '../request/api-headers.js';
import { CurrentRequest } from '../request/current-request.js';
import { Reply } from '../request/reply.js';
import type { RequestContext } from '../request/request-context.js';
import { FeedbackAnswerDto, FeedbackRequest } from './feedback.dto.js';
import { FeedbackService } from './feedback.service.js';

/** Accepts feedback about earlier answers. */
@ApiTags('prediction')
@ApiClientKey()
@ApiRequestHeaders()
@UseInterceptors(AnswerInterceptor)
@Controller()
export class FeedbackController {
  constructor(
    private readonly service: FeedbackService,
    private readonly access: Access,
  ) {}

  @Post('feedback')
  @ForClients({ asksModel: false })
  @HttpCode(200)
  @ApiOperation({
    summary: 'Tell what became known about an answer',
    description:
      'The right label (or labels), or a figure that says what the answer was worth, or both. An instance remembers its own ' +
      'last FEEDBACK_MAX_REQUESTS answered texts for FEEDBACK_TTL_MS. The first label and the first kpi count. In the figures of a ' +
      'rollout a client has one voice per distinct text; without API keys they only inform, and no gate acts on them.',
  })
  @ApiOkResponse({ type: FeedbackAnswerDto, description: 'Which version gave the answer.' })
  @ApiProblems(
    'INVALID_REQUEST',
    'MALFORMED_JSON',
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'NOT_FOUND',
    'METHOD_NOT_ALLOWED',
    'BODY_TOO_LARGE',
    'UNSUPPORTED_MEDIA_TYPE',
    'RATE_LIMITED',
    'INTERNAL',
  )
  feedback(
    @Body(new StrictBody(FeedbackRequest)) body: FeedbackRequest,
    @CurrentRequest() { apiKeyName, client }: RequestContext,
  ): Handled {
    const refusal = this.access.rights.refusal(apiKeyName, 'feedback');
    if (refusal !== null) throw refusal;
    const { request_id: requestId, index, label, labels, kpi } = body;
    const told = { requestId, index: index ?? null, label, labels, kpi, client: client ?? '' };
    const answer = this.service.tell(told);
    return {
      facts: { modelName: answer.model_name, modelVersion: answer.model_version },
      reply: new Reply(200, answer),
    };
  }
}
