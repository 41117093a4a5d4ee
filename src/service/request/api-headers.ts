import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';

/** Documents the headers of every answer. */
export const ANSWER_HEADERS = {
  'x-request-id': {
    description: 'The id under which the log knows the request.',
    schema: { type: 'string' as const },
  },
  'server-timing': {
    description:
      'Milliseconds per stage: receive, cache (its description names the level that answered, if one did), join, queue, transfer, tokenize, inference, event_loop, serialise, and total; of these the stages that happened.',
    schema: { type: 'string' as const },
  },
  'cache-control': {
    description: '`no-store`: the answer is for this caller alone, and depends on the state of the rollout.',
    schema: { type: 'string' as const },
  },
};

/** Documents the headers that every route understands. */
export const ApiRequestHeaders = (): MethodDecorator & ClassDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'x-request-id',
      required: false,
      description: 'Kept when it is 1 to 128 characters of `[A-Za-z0-9._:-]`, else replaced.',
    }),
    ApiHeader({
      name: 'traceparent',
      required: false,
      description: 'W3C trace context; its trace id is logged.',
    }),
    ApiHeader({
      name: 'x-deadline-ms',
      required: false,
      description:
        'Milliseconds after which the answer is useless; at most REQUEST_TIMEOUT_MS counts, for several texts BATCH_TIMEOUT_MAX_MS.',
    }),
  );
