/** How much is measured of the service beyond its capacity. */
export interface OverloadPlan {
  /** wrk takes whole seconds. */
  readonly peakS: number;
  readonly loadS: number;
  /** Of each of the two loads that are compared for the fair shares. */
  readonly fairS: number;
}

/** About five minutes. */
export const FULL_OVERLOAD: OverloadPlan = { peakS: 10, loadS: 20, fairS: 20 };

/** Tells whether all works, not how well. */
export const QUICK_OVERLOAD: OverloadPlan = { peakS: 2, loadS: 4, fairS: 4 };

/** Offered requests over the peak of the same machine in the same run. */
export const OFFERED = 3;

/** Processes beside the service that only count: with them the service has a fraction of each core. */
export const BUSY_LOOPS = 4;

/** Connections that reach the peak, without a queue that grows. */
export const PEAK_CONNECTIONS = 64;

/** Connections of the overload: enough that many users wait for answers at once. */
export const OVERLOAD_CONNECTIONS = 4_000;
