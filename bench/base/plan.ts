/** The model and the versions that are measured: the targets below are theirs. */
export const MODEL = 'sentiment';
export const VERSIONS = ['v1', 'v2'] as const;
export type Version = (typeof VERSIONS)[number];

/** 1: latency alone; 32: the targets' load; 128: a queue that offers much to choose from. */
export const CONNECTIONS = [1, 8, 32, 128] as const;
export type Connections = (typeof CONNECTIONS)[number];

/** Load of the baseline, of the probes and of the chaos: the targets name it. */
export const TARGET_CONNECTIONS = 32;

/** How long and how often things are measured. */
export interface Plan {
  /** Each round measures everything once, every load between two ceilings; medians over rounds are told. */
  readonly rounds: number;
  readonly ceilingMs: number;
  /** wrk takes whole seconds. */
  readonly loadS: number;
  readonly starts: number;
  readonly probeS: number;
  readonly consistencyTexts: number;
  readonly chaosKillS: number;
  /** How long the load goes on before a worker is stopped or the service told to end, and after. */
  readonly chaosSettleS: number;
}

/** About eight minutes: odd counts, so that a median is one of the values. */
export const FULL: Plan = {
  rounds: 5,
  ceilingMs: 2_000,
  loadS: 4,
  starts: 5,
  probeS: 15,
  consistencyTexts: 500,
  chaosKillS: 60,
  chaosSettleS: 5,
};

/** About a minute: checks that everything works, not how fast it is. */
export const QUICK: Plan = {
  rounds: 1,
  ceilingMs: 1_500,
  loadS: 2,
  starts: 1,
  probeS: 4,
  consistencyTexts: 100,
  chaosKillS: 12,
  chaosSettleS: 2,
};

/** Settings of a service whose cold figures are told: nothing that it answers was answered before. */
export const CACHE_OFF = { CACHE_MAX_ITEMS: '0' } as const;

/** Most that the score of a text may differ, however it is asked for. */
export const SCORE_TOLERANCE = 1e-5;

/** Distinct bodies prepared per second of load: more than any service here answers, so that none is sent twice. */
export const BODIES_PER_SECOND = 5_000;

/** Every random choice of the bench starts from here: two runs send the same texts in the same order. */
export const SEED = 20_130_101;
