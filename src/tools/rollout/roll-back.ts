import { count, duration } from '../../base/format.js';
import { PLAIN, type Screen } from '../../base/terminal/screen.js';
import { wrapText } from '../../base/terminal/wrap.js';
import { problemLines } from './render-status.js';
import type { Change, RolloutClient } from './rollout-client.js';

/** Requests in flight end within their deadline; a longer wait means that something hangs. */
const DRAIN_AT_MOST_MS = 10_000;

/** The effects of a rollback. */
export interface RollbackResult {
  readonly model_name: string;
  /** The version that gets nothing from now on. */
  readonly rolled_back: string;
  readonly stable: string;
  readonly revision: number;
  readonly call_ms: number;
  /** Texts that it was answering when the call had been answered. */
  readonly in_flight: number;
  /** Of these, the ones that were not answered in time; 0 when all is well. */
  readonly left: number;
  readonly drained_ms: number;
  readonly problems: readonly string[];
}

/** Takes the canary out, and waits until it answers nothing any more. */
export async function rollBackAndDrain(
  client: RolloutClient,
  model: string,
  change: Change,
): Promise<RollbackResult> {
  const calledAt = performance.now();
  const view = await client.act(model, 'rollback', change);
  const callMs = performance.now() - calledAt;
  const { inFlight, left, tookMs } = await client.drained(view, DRAIN_AT_MOST_MS);
  return {
    model_name: view.model_name,
    rolled_back: view.canary?.version ?? '-',
    stable: view.stable?.version ?? '-',
    revision: view.revision,
    call_ms: callMs,
    in_flight: inFlight,
    left,
    drained_ms: tookMs,
    problems: view.problems,
  };
}

/** The same as text, for the engineer on call. */
export function renderRollback(result: RollbackResult, screen: Screen = PLAIN): string {
  const {
    rolled_back: bad,
    stable,
    call_ms: callMs,
    in_flight: inFlight,
    left,
    drained_ms: drainedMs,
  } = result;
  const lines = [
    `${result.model_name}: ${bad} is rolled back; ${stable} answers every request that comes from now on.`,
    `  the call took ${callMs.toFixed(0)} ms (revision ${result.revision})`,
    left > 0
      ? `  ${count(left)} of ${count(inFlight)} texts of ${bad} are still in flight after ${duration(drainedMs)}: look at serin canary status`
      : inFlight === 0
        ? `  nothing of ${bad} is in flight any more`
        : `  ${count(inFlight)} texts of ${bad} were in flight, the last was answered after ${drainedMs.toFixed(0)} ms; nothing of it is in flight any more`,
    `  ${bad} gets nothing until serin canary clear`,
  ];
  const problems = result.problems.map((problem) => problemLines(problem, screen));
  return `${wrapText(lines.join('\n'), screen, 2)}\n${problems.join('')}`;
}
