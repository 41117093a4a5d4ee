import type { Version } from '../base/plan.js';

/** How much of each thing is measured. */
export interface FilesPlan {
  /** Each round runs every version once, between two ceilings; medians over rounds are told. */
  readonly rounds: number;
  readonly ceilingMs: number;
  /** Lines of the file that is timed: about as many seconds for each version. */
  readonly speedLines: Readonly<Record<Version, number>>;
  readonly crashLines: number;
  readonly kills: number;
}

/** About six minutes. */
export const FULL_FILES: Omit<FilesPlan, 'kills'> = {
  rounds: 3,
  ceilingMs: 4_000,
  speedLines: { v1: 15_000, v2: 45_000 },
  crashLines: 90_000,
};

/** Tells whether all works, not how fast it is. */
export const QUICK_FILES: typeof FULL_FILES = {
  rounds: 1,
  ceilingMs: 1_500,
  speedLines: { v1: 3_000, v2: 6_000 },
  crashLines: 12_000,
};

/** int8: the version that puts the most load on whatever stands around the model. */
export const CRASH_VERSION: Version = 'v2';
export const MEMORY_VERSION: Version = 'v2';
