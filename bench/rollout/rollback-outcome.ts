/** A request of the load. Times of one monotonic clock, in ms. */
export interface LoadedRequest {
  readonly sentAt: number;
  readonly endedAt: number;
  /** The version that answered; null when the request failed. */
  readonly version: string | null;
}

/** One call of POST /admin/canary/{model}/rollback. */
export interface RollbackCall {
  readonly canary: string;
  readonly calledAt: number;
  readonly answeredAt: number;
}

/** The effect of one rollback on the requests around it. */
export interface RollbackOutcome {
  readonly callMs: number;
  /** Requests that were sent before the call, the ones that the canary answered among them. */
  readonly before: number;
  readonly canaryBefore: number;
  /** The same, sent after the call's answer: the canary must have none of them. */
  readonly after: number;
  readonly canaryAfter: number;
  /** Answers of the canary that came after the call's answer, to requests sent before it. */
  readonly inFlight: number;
  /** How long after the call's answer the last one of these came; 0 when there was none. */
  readonly drainedMs: number;
  readonly failed: number;
}

/** Counts the requests before and after a rollback, and the answers of the canary among them. */
export function rollbackOutcome(
  requests: readonly LoadedRequest[],
  { canary, calledAt, answeredAt }: RollbackCall,
): RollbackOutcome {
  const before = requests.filter(({ sentAt }) => sentAt < calledAt);
  const after = requests.filter(({ sentAt }) => sentAt > answeredAt);
  const ofCanary = (some: readonly LoadedRequest[]): LoadedRequest[] =>
    some.filter(({ version }) => version === canary);
  const draining = ofCanary(requests).filter(
    ({ sentAt, endedAt }) => sentAt <= answeredAt && endedAt > answeredAt,
  );
  return {
    callMs: answeredAt - calledAt,
    before: before.length,
    canaryBefore: ofCanary(before).length,
    after: after.length,
    canaryAfter: ofCanary(after).length,
    inFlight: draining.length,
    drainedMs: Math.max(0, ...draining.map(({ endedAt }) => endedAt - answeredAt)),
    failed: requests.filter(({ version }) => version === null).length,
  };
}
