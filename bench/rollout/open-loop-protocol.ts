export interface OpenLoopOrder {
  readonly url: string;
  /** JSON bodies of POST /predict, one per request. */
  readonly bodies: readonly string[];
  /** On average; the moments are random, as those of many clients are. */
  readonly perSecond: number;
  readonly seed: number;
}

export interface OpenLoopResult {
  /** From the moment that a request was due, so that a stall is seen by everybody who falls into it. */
  readonly latenciesMs: Float64Array;
  /** Requests without a 200. */
  readonly failed: number;
}
