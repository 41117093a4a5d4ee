/** How long `serin bench` loads each server. */
export interface OpenLoopPlan {
  /** Of each load, all rounds together. */
  readonly seconds: number;
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
}

/** About four minutes: six servers, four loads each. */
export const FULL_OPEN_LOOP: OpenLoopPlan = { seconds: 8, rounds: 4, warmUpSeconds: 2, connections: 32 };

/** Tells whether all works, not how fast it is. */
export const QUICK_OPEN_LOOP: OpenLoopPlan = { seconds: 1, rounds: 2, warmUpSeconds: 0.5, connections: 32 };

/** Share of the requests that repeat a text, where hits are measured, in per cent. */
export const HITS_PERCENT = 50;
