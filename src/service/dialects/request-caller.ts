import type { SerinConfig } from '../../base/config/serin-config.js';
import type { InferenceItem } from '../../engine/dispatch/executor.js';
import { batchTimeoutOf } from '../http/deadline.js';
import { record } from '../http/answer.interceptor.js';
import type { Caller, Choice } from '../request/caller.js';
import type { Departure } from '../request/departure.js';
import type { RequestContext } from '../request/request-context.js';

/** A user's request as a caller. Values that a hit in memory does not need are computed at their first use. */
export class RequestCaller implements Caller {
  readonly origin = 'user';
  readonly priority = 'user';
  readonly requestId: string;
  readonly startedAt: number;
  /** Of a request about several texts it is known only when their versions are. */
  deadlineAt: number;
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly routingKey: string | undefined;
  readonly refresh: boolean;

  /** Put together once: the shared computation compares it with every join. */
  private knownClient: string | undefined;

  constructor(
    private readonly context: RequestContext,
    { model, version, routingKey, refresh }: Choice,
    private readonly isList: boolean,
    private readonly limits: Pick<SerinConfig, 'requestTimeoutMs' | 'batchTimeoutMaxMs'>,
  ) {
    this.requestId = context.requestId;
    this.startedAt = context.startedAt;
    this.deadlineAt = context.deadlineAt;
    this.model = model;
    this.version = version;
    this.routingKey = routingKey;
    this.refresh = refresh === true;
  }

  picked(modelName: string, [first]: readonly InferenceItem[], aloneMs: () => number): void {
    if (this.isList)
      this.deadlineAt = this.startedAt + batchTimeoutOf(this.context.wantedMs, aloneMs, this.limits);
    if (first === undefined) {
      record(this.context, { modelName });
      return;
    }
    const receivedAt = performance.now();
    const modelVersion = this.isList ? null : first.version.version;
    record(this.context, { modelName, modelVersion, receivedAt });
  }

  get client(): string {
    return (this.knownClient ??= this.context.client ?? '');
  }

  get departure(): Departure {
    return this.context.departure;
  }
}
