/** How much is measured of the comparison's cost and of rollbacks. */
export interface RolloutPlan {
  /** Each round loads both services once, the one with the comparison first in every other round. */
  readonly rounds: number;
  readonly loadS: number;
  /** Of the closed loop that measures the capacity. */
  readonly capacityS: number;
  /** One after the other, each under load. */
  readonly rollbacks: number;
}

/** About seven minutes. */
export const FULL_ROLLOUT: RolloutPlan = { rounds: 16, loadS: 10, capacityS: 8, rollbacks: 10 };

/** Tells whether all works, not how well. */
export const QUICK_ROLLOUT: RolloutPlan = { rounds: 2, loadS: 3, capacityS: 2, rollbacks: 2 };

/** Half of the users meet the canary: enough that the comparison uses up its budget, which is the default one. */
export const CANARY_PERCENT = 50;
