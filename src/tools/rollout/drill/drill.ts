import { setTimeout as delay } from 'node:timers/promises';
import { moveLine } from '../../../rollout/report/move-line.js';
import { emptySeries, isDue, withPoint } from '../../../rollout/evidence/series.js';
import { pointOf } from '../../../rollout/report/series-point.js';
import type { RolloutMove, RolloutView } from '../../../rollout/rollout-types.js';
import { StartError } from '../../../base/errors/start-error.js';
import type { RolloutClient } from '../rollout-client.js';
import { decide } from './drill-decision.js';
import type { DrillEnd, DrillReport, RollbackExercise } from './drill-report.js';
import { DrillTraffic, type TrafficOptions } from './drill-traffic.js';
import { exerciseRollback } from './exercise-rollback.js';
import { PartRecorder } from './part-recorder.js';
import { checkBefore, type DrillPair } from './preflight.js';
import { progressLine } from './drill-progress.js';

export interface DrillOptions {
  /** Its calls must outlive an interruption: they take the canary out. */
  readonly client: RolloutClient;
  readonly model: string;
  /** Undefined: the canary that the rollout has. */
  readonly version: string | undefined;
  readonly percent: number;
  readonly durationMs: number;
  readonly rollback: boolean;
  /** Leaves the canary at its share when the drill has come to its end. */
  readonly keep: boolean;
  readonly traffic: Omit<TrafficOptions, 'model' | 'version' | 'run'> & { readonly name: string };
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
}

/** Of the drill, how long the requests after the rollback are looked at; at least and at most so many ms. */
const OBSERVE_SHARE = 0.05;
const OBSERVE_MS = { least: 1000, most: 20_000 };
const PROGRESS_MS = { least: 1000, most: 15_000 };
const PROGRESS_LINES = 40;
const LOOK_MS = 500;

const between = (value: number, { least, most }: { readonly least: number; readonly most: number }): number =>
  Math.min(most, Math.max(least, value));

/**
 * The exercise: the canary gets its share of replayed traffic; in the middle it is rolled back and begun again; the
 * end is a decision. The canary is at 0 % afterwards, whatever happened, unless it is to be kept or somebody else has
 * moved the rollout meanwhile: then it stays theirs.
 * @throws StartError before anything was moved; Refused
 */
export function runDrill(options: DrillOptions): Promise<DrillReport> {
  return new Drill(options).run();
}

class Drill {
  private readonly startedAt = new Date();
  private readonly parts: PartRecorder[] = [];
  private series = emptySeries();
  private rollback: RollbackExercise | null = null;
  /**
   * Revision of the drill's own last move; a different revision means that another person moved the rollout.
   */
  private revision = 0;
  private view: RolloutView | null = null;
  private gone = false;
  /** In the history of the rollout, with each of our moves. */
  private readonly reason = `drill of ${this.startedAt.toISOString()}`;

  constructor(private readonly options: DrillOptions) {}

  async run(): Promise<DrillReport> {
    const { client, model, say, durationMs, rollback } = this.options;
    const before = await client.view(model);
    const pair = checkBefore(before, this.options.version);
    this.revision = before.revision;
    const traffic = this.startTraffic(pair);
    let end: DrillEnd;
    let leftAt: number | null;
    try {
      await this.begin(pair, traffic);
      end = await this.stretch(rollback ? durationMs / 2 : durationMs, pair, traffic);
      if (rollback && end.kind === 'done') {
        await this.exercise(pair, traffic);
        await this.begin(pair, traffic);
        end = await this.stretch(durationMs / 2, pair, traffic);
      }
      await traffic.stop();
      await this.look();
    } finally {
      await traffic.stop();
      leftAt = await this.leave();
    }
    if (end.kind === 'interrupted') say(leftAt === 0 ? 'interrupted; the canary is at 0 %' : 'interrupted');
    return this.report(pair, end, leftAt);
  }

  private startTraffic({ canary }: DrillPair): DrillTraffic {
    const { traffic, model } = this.options;
    const run = `drill-${canary.digest.slice(0, 6)}-${this.startedAt.getTime().toString(36)}`;
    const sent = new DrillTraffic({ ...traffic, model, version: undefined, run });
    void sent.ended.then((how) => {
      this.gone = how === 'service_gone';
    });
    return sent;
  }

  /** Gives the canary its share. A ramp would move it: it is stopped. */
  private async begin({ canary }: DrillPair, traffic: DrillTraffic): Promise<void> {
    const { client, model, percent, say } = this.options;
    const { reason } = this;
    let view = await client.set(model, { percent, version: canary.version, revision: this.revision, reason });
    this.revision = view.revision;
    if (view.mode === 'auto') {
      view = await client.act(model, 'pause', { revision: this.revision, reason });
      this.revision = view.revision;
    }
    this.view = view;
    if (view.percent !== percent) {
      throw new StartError(`The canary is held at ${view.percent} %: ${view.decided_because}`);
    }
    say(`${model}: ${canary.version} gets ${percent} %`);
    const part = new PartRecorder(canary.version, percent);
    this.parts.push(part);
    traffic.countIn(part);
  }

  /** Looks at the rollout until the time is over, or something ends the drill. */
  private async stretch(ms: number, pair: DrillPair, traffic: DrillTraffic): Promise<DrillEnd> {
    const { signal, say, durationMs } = this.options;
    const startedAt = performance.now();
    const before = this.parts.slice(0, -1).length * ms;
    const every = between(durationMs / PROGRESS_LINES, PROGRESS_MS);
    let saidAt = startedAt;
    let end: DrillEnd | null = null;
    while (end === null && performance.now() - startedAt < ms) {
      await delay(Math.min(LOOK_MS, ms), undefined, { signal }).catch(() => undefined);
      await this.look();
      end = this.endOf(pair);
      const part = this.parts.at(-1);
      if (part === undefined || this.view === null || performance.now() - saidAt < every) continue;
      saidAt = performance.now();
      say(progressLine(before + saidAt - startedAt, durationMs, part, this.view, pair));
    }
    traffic.countIn(null);
    return end ?? { kind: 'done', sentence: '' };
  }

  /** The rollout as it is now; a service that does not answer for a moment is asked again later. */
  private async look(): Promise<void> {
    const { client, model } = this.options;
    try {
      this.view = await client.view(model);
    } catch (error) {
      if (error instanceof StartError) return;
      throw error;
    }
    if (isDue(this.series, Date.now())) this.draw(this.view, Date.now());
  }

  private draw({ percent, figures, verdict }: RolloutView, atMs: number): void {
    const point = pointOf(atMs, percent, figures, verdict);
    if (point !== null) this.series = withPoint(this.series, point);
  }

  private endOf({ canary }: DrillPair): DrillEnd | null {
    if (this.options.signal.aborted) {
      return { kind: 'interrupted', sentence: 'The drill was interrupted before its time.' };
    }
    if (this.gone) return { kind: 'service_gone', sentence: 'The service does not answer any more.' };
    if (this.view === null || this.view.revision === this.revision) return null;
    const latest = this.view.history.at(-1);
    const how = latest === undefined ? `${canary.version} was moved` : moveLine(latest);
    return { kind: 'moved', sentence: `Somebody else has moved the rollout during the drill: ${how}` };
  }

  private async exercise(pair: DrillPair, traffic: DrillTraffic): Promise<void> {
    const { client, model, durationMs, say } = this.options;
    say(`${model}: ${pair.canary.version} is rolled back, as an exercise`);
    const { exercise, view } = await exerciseRollback({
      client,
      model,
      canary: pair.canary.version,
      revision: this.revision,
      reason: this.reason,
      traffic,
      observeMs: between(durationMs * OBSERVE_SHARE, OBSERVE_MS),
    });
    this.rollback = exercise;
    this.view = view;
    this.draw(view, Date.now() - exercise.observed_for_ms);
    this.draw(view, Date.now());
    say(
      `the call took ${exercise.call_ms.toFixed(0)} ms; of ${exercise.requests_after} requests after it the canary served ${exercise.canary_after}; ${exercise.failed} failed`,
    );
    const cleared = await client.act(model, 'clear', { revision: view.revision, reason: this.reason });
    this.revision = cleared.revision;
  }

  /**
   * Takes the canary out, unless another person has moved the rollout in the meantime.
   * @returns the canary's share now; null when the service could not be asked
   */
  private async leave(): Promise<number | null> {
    const { client, model, keep, signal, say } = this.options;
    try {
      const now = await client.view(model).catch(() => null);
      if (now !== null) {
        const isKept = keep && !signal.aborted && !this.gone;
        if (!this.isOurs(now) || now.phase === 'rolled_back' || isKept) return now.percent;
      }
      const left = await client.set(model, { percent: 0, revision: now?.revision, reason: this.reason });
      this.view = { ...left, verdict: now?.verdict ?? null, figures: now?.figures ?? null };
      return left.percent;
    } catch (error) {
      const { message } = error as Error;
      say(`THE CANARY COULD NOT BE TAKEN TO 0 %: ${message} Say serin canary rollback ${model}`);
      return null;
    }
  }

  /** The last move is ours also when its answer never came. */
  private isOurs({ revision, history }: RolloutView): boolean {
    return revision === this.revision || history.at(-1)?.cause.detail.endsWith(this.reason) === true;
  }

  private report(pair: DrillPair, end: DrillEnd, leftAt: number | null): DrillReport {
    const { options, view, series, rollback, startedAt } = this;
    const parts = this.parts.map((part) => part.summary());
    const { name, ratePerS, connections } = options.traffic;
    const latest = view?.history.at(-1);
    const verdict = view?.verdict ?? null;
    const known = view?.canary?.version === pair.canary.version ? view.canary : pair.canary;
    return {
      schema: 1,
      kind: 'canary_drill',
      model_name: options.model,
      stable: pair.stable,
      canary: { version: known.version, digest: known.digest },
      rollout_id: view?.rollout_id ?? '',
      started_at: startedAt.toISOString(),
      ended_at: new Date().toISOString(),
      percent: options.percent,
      planned_s: options.durationMs / 1000,
      load: { traffic: name, rate_per_s: ratePerS, connections },
      end,
      ...decide({
        end,
        parts,
        rollback,
        wantedRollback: options.rollback,
        verdict,
        wasRolledBack: end.kind === 'moved' && latest?.cause.by === 'gate' && latest.move === 'roll_back',
      }),
      parts,
      rollback,
      verdict,
      figures: view?.figures ?? null,
      moves: this.ourMoves(view?.history ?? []),
      series,
      left_at_percent: leftAt,
    };
  }

  private ourMoves(history: readonly RolloutMove[]): readonly RolloutMove[] {
    return history.filter(({ at }) => Date.parse(at) >= this.startedAt.getTime());
  }
}
