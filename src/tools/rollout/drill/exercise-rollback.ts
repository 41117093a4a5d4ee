import { setTimeout as delay } from 'node:timers/promises';
import type { RolloutView } from '../../../rollout/rollout-types.js';
import type { RolloutClient } from '../rollout-client.js';
import type { RollbackExercise } from './drill-report.js';
import type { DrillTraffic, WatchedRequest } from './drill-traffic.js';

const DRAIN_AT_MOST_MS = 10_000;

export interface ExerciseOptions {
  readonly client: RolloutClient;
  readonly model: string;
  /** The version that is to disappear. */
  readonly canary: string;
  readonly revision: number;
  /** Kept with the move. */
  readonly reason: string;
  readonly traffic: DrillTraffic;
  /** How long to look at the requests that come after the rollback. */
  readonly observeMs: number;
}

/** Rolls back while requests come in, and checks the effect on each of them. */
export async function exerciseRollback(
  options: ExerciseOptions,
): Promise<{ readonly exercise: RollbackExercise; readonly view: RolloutView }> {
  const { client, model, canary, revision, reason, traffic, observeMs } = options;
  const watched = traffic.watch();
  const calledAt = performance.now();
  const view = await client.act(model, 'rollback', { revision, reason });
  const answeredAt = performance.now();
  const { left } = await client.drained(view, DRAIN_AT_MOST_MS);
  await delay(Math.max(0, observeMs - (performance.now() - answeredAt)));
  const exercise = exerciseOf({
    requests: watched(),
    canary,
    calledAt,
    answeredAt,
    left,
    nowMs: performance.now(),
  });
  return { exercise, view };
}

interface Observed {
  readonly requests: readonly WatchedRequest[];
  readonly canary: string;
  readonly calledAt: number;
  readonly answeredAt: number;
  readonly left: number;
  readonly nowMs: number;
}

/** Judges a rollback by the requests around it. Times are of one monotonic clock. */
export function exerciseOf({
  requests,
  canary,
  calledAt,
  answeredAt,
  left,
  nowMs,
}: Observed): RollbackExercise {
  const after = requests.filter(({ sentAt }) => sentAt > answeredAt);
  const late = after.filter(({ version }) => version === canary);
  const draining = requests.filter(
    ({ sentAt, endedAt, version }) => sentAt <= answeredAt && endedAt > answeredAt && version === canary,
  );
  const failed = requests.filter(({ endedAt, version }) => version === null && endedAt >= calledAt).length;
  const latest = (times: readonly number[]): number => Math.max(answeredAt, ...times) - answeredAt;
  return {
    call_ms: answeredAt - calledAt,
    requests_after: after.length,
    canary_after: late.length,
    clean_after_ms: latest(late.map(({ sentAt }) => sentAt)),
    in_flight: draining.length,
    drained_ms: latest(draining.map(({ endedAt }) => endedAt)),
    left,
    failed,
    observed_for_ms: nowMs - answeredAt,
    passed: late.length === 0 && failed === 0 && left === 0,
  };
}
