import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { ModelRollout, Move } from '../../rollout/model-rollout.js';
import { byItself, causeOf } from '../../rollout/move-cause.js';
import { type RampAction, rampAction, tickMs } from '../../rollout/ramp.js';
import {
  type MoveContext,
  nextStep,
  promote,
  recover,
  rollBack,
  start,
} from '../../rollout/rollout-machine.js';
import { RolloutStore } from '../../rollout/rollout-store.js';
import type { CauseName, RolloutDocument } from '../../rollout/rollout-types.js';
import type { Beginning } from '../../rollout/who-decides.js';
import { RolloutMetrics } from '../observability/rollout-metrics.js';
import { EvidenceBook } from './evidence/evidence-book.js';
import { RolloutConfiguration } from './rollout-configuration.js';
import { RolloutJudge } from './rollout-judge.js';
import { RolloutVersions } from './rollout-versions.js';
import { RolloutService } from './rollout.service.js';
import { VerdictEstimates } from './verdict-estimates.js';

const TICK_MS = 1000;

/** Saves after this many ticks: a kill loses at most this much time in the step, and this much evidence. */
const SAVE_EVERY_TICKS = 3;

/** Moves the rollouts by time, gates and configuration. */
@Injectable()
export class RolloutDriver implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Rollout');
  private ticking: NodeJS.Timeout | undefined;
  private lastTickMs = performance.now();
  private ticks = 0;
  private lastProblem: string | null = null;
  private isTicking = false;
  private wasLeading = false;

  constructor(
    private readonly rollouts: RolloutService,
    private readonly store: RolloutStore,
    private readonly configuration: RolloutConfiguration,
    private readonly versions: RolloutVersions,
    private readonly judge: RolloutJudge,
    private readonly book: EvidenceBook,
    private readonly metrics: RolloutMetrics,
    private readonly estimates: VerdictEstimates,
  ) {}

  /** Reads the state of every model and puts it in force. Await it before versions are loaded. */
  async begin(): Promise<void> {
    for (const model of this.configuration.models()) {
      const { rollout, problem } = await this.rollouts.open(model);
      if (problem !== null) await this.recover(rollout, problem);
      this.rollouts.putInForce(rollout.document);
      await this.reconcile(rollout);
    }
    this.wasLeading = this.store.leads();
    const models = new Set(this.rollouts.models());
    this.store.onChange((document) => {
      if (models.has(document.model)) void this.rollouts.rollout(document.model).accept(document);
    });
  }

  onApplicationBootstrap(): void {
    this.configuration.watch(() => void this.reconcileAll());
    this.lastTickMs = performance.now();
    this.ticking = setInterval(() => void this.tick(), TICK_MS);
    this.ticking.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.ticking);
    await this.save();
    await this.store.close();
  }

  private all(): ModelRollout[] {
    return this.rollouts.models().map((model) => this.rollouts.rollout(model));
  }

  /** Recovers from a lost state without guessing: the canary gets no traffic until an admin sends `clear`. */
  private async recover(rollout: ModelRollout, problem: string): Promise<void> {
    const { model } = rollout.document;
    this.logger.error(
      `${problem}. The canary of ${model} gets nothing until POST /admin/canary/${model}/clear.`,
    );
    const cause = byItself('recovery', problem);
    const move: Move = (document) => recover(document, randomUUID(), this.judge.moveContext(document, cause));
    await this.tryMove(rollout, move, true);
  }

  private async reconcileAll(): Promise<void> {
    for (const rollout of this.all()) {
      await this.reconcile(rollout);
      this.rollouts.putInForce(rollout.document);
    }
  }

  /** Starts the rollout that CANARY_PERCENT or the configuration file asks for. */
  private async reconcile(rollout: ModelRollout): Promise<void> {
    const { begin } = this.rollouts.decided(rollout);
    if (begin === null || !this.store.leads() || this.rollouts.isSuperseded(rollout)) return;
    const cause = causeOf(begin);
    const move: Move = (document) => {
      // Decide again when the move has its turn: an admin may have moved the rollout first.
      const wish: Beginning | null = this.rollouts.decided({ document }).begin;
      if (wish === null) return { kind: 'unchanged' };
      const request = { ...this.versions.allowed(document.model, wish), rolloutId: randomUUID() };
      return start(document, request, this.judge.moveContext(document, cause));
    };
    await this.tryMove(rollout, move, false);
  }

  /** Makes a move for which no request waits. A failure is logged once; the next tick tries again. */
  private async tryMove(rollout: ModelRollout, move: Move, atOnce: boolean): Promise<void> {
    try {
      await rollout.move(move, { atOnce });
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
    }
  }

  private say(problem: string | null): void {
    if (problem === this.lastProblem) return;
    this.lastProblem = problem;
    if (problem !== null) this.logger.error(problem);
  }

  /** Ticks do not overlap: otherwise a disk that hangs could make a step be taken twice. */
  private async tick(): Promise<void> {
    if (this.isTicking) return;
    this.isTicking = true;
    try {
      await this.tickOnce();
      if (this.store.problem() === null) this.say(null);
    } catch (error) {
      this.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      this.isTicking = false;
    }
  }

  private async tickOnce(): Promise<void> {
    const now = performance.now();
    const ms = tickMs(this.lastTickMs, now);
    this.lastTickMs = now;
    this.ticks++;
    const leads = this.store.leads();
    for (const rollout of this.all()) {
      // The previous leader has more evidence of this rollout: continue from it.
      if (leads && !this.wasLeading) await this.book.restore(rollout.document);
      if (leads) await this.advance(rollout, ms);
      else if (this.store.mayRollBack()) await this.judgeNow(rollout, false);
      this.rollouts.putInForce(rollout.document);
      this.estimates.note(rollout.document);
      this.metrics.unjudged(rollout.document.model, this.book.isUnjudged(rollout.document));
    }
    this.wasLeading = leads;
    if (this.ticks % SAVE_EVERY_TICKS === 0) await this.save();
  }

  private async advance(rollout: ModelRollout, ms: number): Promise<void> {
    await this.reconcile(rollout);
    const isServing = this.isServing(rollout);
    if (isServing) rollout.advance(ms);
    await this.judgeNow(rollout, isServing);
  }

  /**
   * Whether the canary serves, or is compared in shadow mode, as its step intends. Only such time counts for the step.
   */
  private isServing(rollout: ModelRollout): boolean {
    const { phase, mode, model, canary } = rollout.document;
    const version = this.versions.find(model, canary);
    if (phase !== 'running' || version === null || !this.versions.isReady(version)) return false;
    const { decision } = this.rollouts.decided(rollout);
    return decision.percent > 0 || (mode === 'shadow' && decision.decided_by !== 'canary_percent_0');
  }

  /** @param mayGoOn false when a bad canary may be rolled back but no other move is allowed */
  private async judgeNow(rollout: ModelRollout, mayGoOn: boolean): Promise<void> {
    const { document } = rollout;
    const verdict = this.judge.verdict(document);
    this.metrics.judged(document.model, verdict);
    const { mode } = this.rollouts.decided(rollout);
    const action = verdict === null ? 'none' : rampAction(document, mode, verdict);
    if (action === 'roll_back' || mayGoOn) await this.act(rollout, document, action);
  }

  /** Makes the move that the ramp or the gates ask for, unless the rollout has been moved since the judgement. */
  private async act(rollout: ModelRollout, judged: RolloutDocument, action: RampAction): Promise<void> {
    const context = (by: CauseName, detail: string): MoveContext =>
      this.judge.moveContext(judged, byItself(by, detail));
    const ifUnmoved =
      (make: Move): Move =>
      (document) =>
        document.revision === judged.revision ? make(document) : { kind: 'unchanged' };
    switch (action) {
      case 'none':
        return;
      case 'next_step': {
        const cause = context('ramp', 'the step is over and every gate passes');
        return this.tryMove(
          rollout,
          ifUnmoved((document) => nextStep(document, cause)),
          false,
        );
      }
      case 'promote': {
        const cause = context('ramp', 'the last step is over and every gate passes');
        return this.tryMove(
          rollout,
          ifUnmoved((document) => promote(document, cause)),
          false,
        );
      }
      case 'roll_back': {
        const cause = context('gate', this.judge.failedGates(judged));
        return this.tryMove(
          rollout,
          ifUnmoved((document) => rollBack(document, cause)),
          true,
        );
      }
      default:
        return action satisfies never;
    }
  }

  private async save(): Promise<void> {
    if (!this.store.leads()) return;
    for (const rollout of this.all()) {
      await rollout.saveProgress();
      await this.book.save(rollout.document.model);
    }
  }
}
