/** How much of the cache is measured. */
export interface CachePlan {
  /** Each round loads everything once, each load of the service between two of the bare handler. */
  readonly rounds: number;
  /** wrk takes whole seconds. */
  readonly loadS: number;
  /** Before the rounds, for each of the two: code that has run a few thousand times is another code. */
  readonly warmS: number;
  /** Requests of the Zipf trace, and answers that the cache may hold meanwhile. */
  readonly traceRequests: number;
  readonly traceCacheItems: number;
  /** How many new texts are asked for by all connections at once, one text after the other. */
  readonly newTexts: number;
  /** How often Redis is killed, and for how long it is up before and down after. */
  readonly outages: number;
  readonly upS: number;
  readonly downS: number;
}

/** About seven minutes. */
export const FULL_CACHE: CachePlan = {
  rounds: 5,
  loadS: 4,
  warmS: 6,
  traceRequests: 50_000,
  traceCacheItems: 10_000,
  newTexts: 50,
  outages: 3,
  upS: 10,
  downS: 10,
};

/** Tells whether all works, not how fast it is. The trace and the cache shrink together. */
export const QUICK_CACHE: CachePlan = {
  rounds: 1,
  loadS: 2,
  warmS: 3,
  traceRequests: 3_000,
  traceCacheItems: 600,
  newTexts: 5,
  outages: 1,
  upS: 3,
  downS: 3,
};

/** Connections of the latency that is held to the bare handler's. */
export const LATENCY_CONNECTIONS = 8;

/** Texts that hits are spread over, beside a single one. */
export const CACHED_TEXTS = 1_000;

/** Distinct texts that go through the cache when its memory is watched; about ten minutes, and half a minute. */
export const FULL_CHURN_TEXTS = 1_000_000;
export const QUICK_CHURN_TEXTS = 20_000;
