import { Body, Controller, Get, HttpCode, Param, type PipeTransform, Post, Put } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type AdminCall, type AdminMove, RolloutAdmin } from '../rollout/rollout-admin.js';
import { ApiProblems } from '../request/api-problems.js';
import { StrictBody } from '../http/strict-body.pipe.js';
import { ApiAdminToken } from '../request/api-security.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../request/api-headers.js';
import { CurrentRequest } from '../request/current-request.js';
import type { RequestContext } from '../request/request-context.js';
import { RolloutDto, RolloutListDto } from './canary.dto.js';
import { RolloutChange, RolloutShareRequest } from './canary-requests.dto.js';

const READING = ['INVALID_REQUEST', 'UNAUTHENTICATED', 'NOT_FOUND', 'METHOD_NOT_ALLOWED'] as const;

const CHANGING = [
  ...READING,
  'MALFORMED_JSON',
  'MODEL_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'CONFLICT',
  'VERSION_REFUSED',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'VERSION_NOT_READY',
  'STATE_UNAVAILABLE',
] as const;

/** A missing body is accepted, so that a call in an emergency needs none. */
const optionalChange: PipeTransform = {
  transform: (body: unknown) => new StrictBody(RolloutChange).transform(body ?? {}),
};

const callOf = ({ requestId }: RequestContext, { revision, reason }: RolloutChange): AdminCall => ({
  requestId,
  revision,
  reason,
});

/** Documents a move whose body is optional. */
function ApiMove(summary: string, description: string): MethodDecorator {
  return (target, key, descriptor: PropertyDescriptor): void => {
    const decorators = [
      HttpCode(200),
      ApiOperation({ summary, description }),
      ApiBody({ type: RolloutChange, required: false }),
      ApiOkResponse({ type: RolloutDto, description: 'The rollout afterwards.', headers: ANSWER_HEADERS }),
      ApiProblems(...CHANGING),
    ];
    for (const decorate of decorators) decorate(target, key, descriptor);
  };
}

/** Shows and moves rollouts. Every change is a line of the audit log. */
@ApiTags('admin')
@ApiAdminToken()
@ApiRequestHeaders()
@Controller('admin/canary')
export class CanaryController {
  constructor(private readonly rollouts: RolloutAdmin) {}

  @Get()
  @ApiOperation({
    summary: 'All rollouts',
    description: 'Of each model: who gets what, who decided so, and what the gates say.',
  })
  @ApiOkResponse({ type: RolloutListDto, description: 'One per model.', headers: ANSWER_HEADERS })
  @ApiProblems(...READING)
  listRollouts(): RolloutListDto {
    return { rollouts: this.rollouts.views() };
  }

  @Get(':model')
  @ApiOperation({
    summary: 'One rollout',
    description:
      'Who gets what, who decided so, and what the gates say. A change names the `revision` that it answers to.',
  })
  @ApiOkResponse({ type: RolloutDto, description: 'The rollout.', headers: ANSWER_HEADERS })
  @ApiProblems(...READING, 'MODEL_NOT_FOUND')
  getRollout(@Param('model') model: string): RolloutDto {
    return this.rollouts.view(model);
  }

  @Put(':model')
  @ApiOperation({
    summary: 'Set the canary’s share',
    description:
      'In force for the next request. With `version` another version becomes the canary: a new rollout begins.',
  })
  @ApiOkResponse({ type: RolloutDto, description: 'The rollout afterwards.', headers: ANSWER_HEADERS })
  @ApiProblems(...CHANGING)
  setShare(
    @Param('model') model: string,
    @Body(new StrictBody(RolloutShareRequest)) body: RolloutShareRequest,
    @CurrentRequest() context: RequestContext,
  ): Promise<RolloutDto> {
    const { version, percent, force } = body;
    return this.rollouts.set(model, { version, percent, force }, callOf(context, body));
  }

  @Post(':model/promote')
  @ApiMove(
    'Make the canary stable',
    'At once, whatever the gates say. The former stable version stays loaded.',
  )
  promoteCanary(
    @Param('model') model: string,
    @Body(optionalChange) body: RolloutChange,
    @CurrentRequest() context: RequestContext,
  ): Promise<RolloutDto> {
    return this.act(model, 'promote', body, context);
  }

  @Post(':model/rollback')
  @ApiMove(
    'Take the canary out',
    'No request that arrives after the answer is served by the canary; those in flight are answered. Its digest gets nothing until clear. After a promotion the former stable version answers again.',
  )
  rollBackCanary(
    @Param('model') model: string,
    @Body(optionalChange) body: RolloutChange,
    @CurrentRequest() context: RequestContext,
  ): Promise<RolloutDto> {
    return this.act(model, 'rollback', body, context);
  }

  @Post(':model/clear')
  @ApiMove(
    'Forget what was rolled back',
    'The canary stays at 0 % until its share is set. After a promotion: gives up the way back to the former stable version.',
  )
  clearRollout(
    @Param('model') model: string,
    @Body(optionalChange) body: RolloutChange,
    @CurrentRequest() context: RequestContext,
  ): Promise<RolloutDto> {
    return this.act(model, 'clear', body, context);
  }

  @Post(':model/pause')
  @ApiMove('Stop the ramp', 'The canary keeps its share. A gate that fails still rolls it back.')
  pauseRollout(
    @Param('model') model: string,
    @Body(optionalChange) body: RolloutChange,
    @CurrentRequest() context: RequestContext,
  ): Promise<RolloutDto> {
    return this.act(model, 'pause', body, context);
  }

  @Post(':model/resume')
  @ApiMove('Let the ramp go on', 'The time that the step had before the pause counts.')
  resumeRollout(
    @Param('model') model: string,
    @Body(optionalChange) body: RolloutChange,
    @CurrentRequest() context: RequestContext,
  ): Promise<RolloutDto> {
    return this.act(model, 'resume', body, context);
  }

  private act(
    model: string,
    move: AdminMove,
    body: RolloutChange,
    context: RequestContext,
  ): Promise<RolloutDto> {
    return this.rollouts.act(model, move, callOf(context, body));
  }
}
