import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../base/child.js';
import { withAll, type Closable } from '../base/close-all.js';
import { BODIES_PER_SECOND, MODEL, SEED, TARGET_CONNECTIONS } from '../base/plan.js';
import { say } from '../base/progress.js';
import { median, quantile } from '../base/statistics.js';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-files.js';
import { predictBody } from '../load/predict.js';
import { runWrk } from '../load/wrk.js';
import { readMetric } from '../service/metrics.js';
import { ServiceProcess } from '../service/service-process.js';
import { settledPool } from '../service/worker-pool.js';
import type { OpenLoopOrder, OpenLoopResult } from './open-loop-process.js';
import { CANARY_PERCENT, type RolloutPlan } from './plan.js';

/** Requests of users to one of the two services. */
export interface UserLatency {
  readonly requests: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Pairs made meanwhile, per second of load. */
  readonly pairsPerS: number;
}

export interface ComparisonCost {
  readonly plan: RolloutPlan;
  /** Of the service without the comparison, at 32 connections. */
  readonly capacityPerS: number;
  readonly loadPerS: number;
  readonly without: UserLatency;
  readonly with: UserLatency;
  /** Of p99, with over without, over all requests; and in each round. */
  readonly p99Ratio: number;
  readonly roundRatios: readonly number[];
  readonly medianRoundRatio: number;
}

/** A service that compares, or one that is told to sample nothing, and what came of its requests. */
interface Subject extends Closable {
  readonly service: ServiceProcess;
  readonly latenciesMs: number[];
  readonly roundP99Ms: number[];
  failed: number;
  pairs: number;
}

async function start(entry: string, workFolder: string, samplePercent: number): Promise<Subject> {
  const folder = join(workFolder, `sample-${String(samplePercent)}`);
  mkdirSync(folder);
  const config = join(folder, 'serin.config.yaml');
  const rollout = `stable: v1, canary: v2, mode: manual, percent: ${String(CANARY_PERCENT)}`;
  const comparison = `comparison: { sample_percent: ${String(samplePercent)} }`;
  writeFileSync(config, `default_model: ${MODEL}\nrollout:\n  ${MODEL}: { ${rollout}, ${comparison} }\n`);
  const service = await ServiceProcess.start(entry, folder, { SERIN_CONFIG: config });
  await settledPool(service);
  const close = (): Promise<void> => service.close();
  return { service, latenciesMs: [], roundP99Ms: [], failed: 0, pairs: 0, close };
}

const pairsOf = ({ url }: ServiceProcess): Promise<number> =>
  readMetric(url, 'serin_comparison_texts_total', 'kind="pair"');

function latencyOf({ latenciesMs, failed, pairs }: Subject, { rounds, loadS }: RolloutPlan): UserLatency {
  return {
    requests: latenciesMs.length,
    failed,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    pairsPerS: pairs / (rounds * loadS),
  };
}

/**
 * The cost of the comparison for users: two services that differ in nothing else take turns under an open loop at half of
 * the capacity, in one run. Each text is sent once, so that no cache helps and every one would be a new pair.
 */
export async function measureComparisonCost(
  plan: RolloutPlan,
  entry: string,
  workFolder: string,
): Promise<ComparisonCost> {
  return withAll(
    [0, 100],
    (samplePercent) => start(entry, workFolder, samplePercent),
    ([without, compared]) => {
      if (without === undefined || compared === undefined) throw new Error('two services are compared');
      return compare(plan, without, compared, workFolder);
    },
  );
}

async function compare(
  plan: RolloutPlan,
  without: Subject,
  compared: Subject,
  workFolder: string,
): Promise<ComparisonCost> {
  const texts = new DistinctTexts(versionFolder('v1'), SEED);
  const capacity = await runWrk({
    url: without.service.url,
    connections: TARGET_CONNECTIONS,
    seconds: plan.capacityS,
    bodies: texts.take(plan.capacityS * BODIES_PER_SECOND).map((text) => predictBody(text)),
    workFolder,
  });
  const loadPerS = capacity.requestsPerS / 2;
  say(`capacity ${capacity.requestsPerS.toFixed(0)} requests/s; ${String(plan.rounds)} rounds at half of it`);
  const generator = new Child<OpenLoopOrder, OpenLoopResult>('rollout/open-loop-process');
  const load = async (subject: Subject, round: number, bodies: readonly string[]): Promise<void> => {
    const { url } = subject.service;
    const pairsBefore = await pairsOf(subject.service);
    const { latenciesMs, failed } = await generator.ask({
      url,
      bodies,
      perSecond: loadPerS,
      seed: SEED + round,
    });
    subject.pairs += (await pairsOf(subject.service)) - pairsBefore;
    subject.failed += failed;
    subject.roundP99Ms.push(quantile(latenciesMs, 0.99));
    subject.latenciesMs.push(...latenciesMs);
  };
  try {
    for (let round = 0; round < plan.rounds; round++) {
      const turn = round % 2 === 0 ? [without, compared] : [compared, without];
      // Both services meet the same texts at the same moments in a round; neither has seen one of them before.
      const bodies = texts.take(Math.round(loadPerS * plan.loadS)).map((text) => predictBody(text));
      for (const subject of turn) await load(subject, round, bodies);
      say(`round ${String(round + 1)} of ${String(plan.rounds)}`);
    }
  } finally {
    await generator.close();
  }
  const [before, after] = [latencyOf(without, plan), latencyOf(compared, plan)];
  const roundRatios = compared.roundP99Ms.map((p99Ms, i) => p99Ms / (without.roundP99Ms[i] ?? NaN));
  return {
    plan,
    capacityPerS: capacity.requestsPerS,
    loadPerS,
    without: before,
    with: after,
    p99Ratio: after.p99Ms / before.p99Ms,
    roundRatios,
    medianRoundRatio: median(roundRatios),
  };
}
