import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DEFAULT_COMPARISON } from '../../base/config/rollout-config.js';
import { AppError } from '../../base/errors/app-error.js';
import type { Verdict } from '../../rollout/gates/types.js';
import { ModelRollout, type Move } from '../../rollout/model-rollout.js';
import { type RampAction, rampAction, tickMs } from '../../rollout/ramp.js';
import { RolloutContext } from './rollout-context.js';
import {
  type MoveContext,
  nextStep,
  promote,
  recover,
  rollBack,
  start,
  untouched,
} from '../../rollout/rollout-machine.js';
import { RolloutStore } from '../../rollout/rollout-store.js';
import type { CauseName, MoveCause, RolloutDocument } from '../../rollout/rollout-types.js';
import {
  type Beginning,
  isSectionOf,
  type Verdict as Decided,
  whoDecides,
} from '../../rollout/who-decides.js';

const TICK_MS = 1000;

/** A kill loses at most this much of the time in the step, and of the evidence. */
const SAVE_EVERY_TICKS = 3;

const byItself = (by: CauseName, detail: string): MoveCause => ({ by, detail, request_id: null });

/**
 * The rollouts of all models: what their state says, who decides now, and what time, gates and configuration do to
 * them. Moves by people come through RolloutAdmin.
 */
@Injectable()
export class RolloutService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Rollout');
  private readonly rollouts = new Map<string, ModelRollout>();
  /** What was found wrong with a model's state at the start, until somebody moves it. */
  private readonly lost = new Map<string, string>();
  /** Models whose canary is held at 0 % because a rollback of it is waiting for its turn. */
  private readonly silenced = new Set<string>();
  private ticking: NodeJS.Timeout | undefined;
  private lastTickMs = performance.now();
  private ticks = 0;
  private lastProblem: string | null = null;
  private readonly verdicts = new Map<string, Verdict | null>();
  /** Fingerprint of the file by model, once it was in force. */
  private readonly wasInForce = new Map<string, string>();
  private isTicking = false;
  private wasLeading = false;

  constructor(
    private readonly store: RolloutStore,
    private readonly context: RolloutContext,
  ) {}

  /** Reads the state of every model and puts it in force; to be awaited before versions are loaded. */
  async begin(): Promise<void> {
    const { configuration, effects } = this.context;
    for (const model of configuration.models()) {
      const { document, problem } = await this.store.load(model);
      const rollout = new ModelRollout(document ?? this.untouched(model), this.store, (now) => {
        this.applied(now);
      });
      this.rollouts.set(model, rollout);
      effects.skip(rollout.document);
      await this.context.book.restore(rollout.document);
      if (problem !== null) await this.recover(rollout, problem);
      this.applied(rollout.document);
      await this.reconcile(rollout);
    }
    this.wasLeading = this.store.leads();
    this.store.onChange((document) => {
      void this.rollouts.get(document.model)?.accept(document);
    });
  }

  onApplicationBootstrap(): void {
    this.context.configuration.watch(() => void this.reconcileAll());
    this.lastTickMs = performance.now();
    this.ticking = setInterval(() => void this.tick(), TICK_MS);
    this.ticking.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.ticking);
    await this.save();
    await this.store.close();
  }

  models(): string[] {
    return [...this.rollouts.keys()];
  }

  /** @throws AppError MODEL_NOT_FOUND */
  rollout(model: string): ModelRollout {
    const rollout = this.rollouts.get(model);
    if (rollout !== undefined) return rollout;
    this.context.versions.checkModel(model);
    throw new AppError(
      'MODEL_NOT_FOUND',
      `The configuration names no stable version of ${model}: it has no rollout.`,
    );
  }

  decided({ document }: Pick<ModelRollout, 'document'>): Decided {
    const { model } = document;
    const { configuration, versions } = this.context;
    return whoDecides({
      document,
      stableExists: versions.find(model, document.stable) !== null,
      canaryPercent: configuration.canaryPercent(model),
      file: this.context.wishOf(model),
    });
  }

  /**
   * Takes the canary out at once, before the move has its turn: the next request is answered by the stable version.
   * @throws AppError what the move throws; everything is then as before
   */
  async rollBackAtOnce(rollout: ModelRollout, move: Move, revision: number | undefined): Promise<void> {
    rollout.checkRevision(revision);
    const { model } = rollout.document;
    this.silenced.add(model);
    this.applied(rollout.document);
    try {
      await rollout.move(move, { revision, atOnce: true });
    } finally {
      this.silenced.delete(model);
      this.applied(rollout.document);
    }
  }

  /** What keeps a rollout from going on, for people. */
  problems(rollout: ModelRollout): string[] {
    const { document } = rollout;
    const { configuration, effects, versions } = this.context;
    const problems = [this.lost.get(document.model) ?? null, this.store.problem(), configuration.problem];
    if (rollout.unsaved) problems.push('The last rollback is in force here and could not be written yet.');
    const standIn = effects.standIn(document);
    if (standIn !== null) {
      problems.push(
        `The stable version ${document.stable.version} is not ready here: ${standIn} answers until it is.`,
      );
    }
    const canary = versions.view(document.model, document.canary);
    if (canary !== null && canary.state !== 'ready') {
      problems.push(
        `The canary ${canary.version} is ${canary.state}: it gets no traffic and its time stands still.`,
      );
    }
    if (canary !== null && !canary.accepted && !document.forced) {
      problems.push(
        `The canary ${canary.version} is not accepted: ${canary.acceptance_reason}; until then it gets no traffic unless it is forced.`,
      );
    }
    return problems.filter((problem) => problem !== null);
  }

  /** Why states cannot be kept, or what became of one that was lost; null when all is well. For /health. */
  stateProblem(): string | null {
    return [...this.lost.values(), this.store.problem()].find((problem) => problem !== null) ?? null;
  }

  get configurationProblem(): string | null {
    return this.context.configuration.problem;
  }

  private untouched(model: string): RolloutDocument {
    const { fingerprint: configuration, stable, canary, mode, steps } = this.context.wishOf(model);
    return untouched(model, { stable, canary, mode, steps, configuration });
  }

  /** A state that was lost must not become a guess: the canary gets nothing until somebody says so. */
  private async recover(rollout: ModelRollout, problem: string): Promise<void> {
    const { model } = rollout.document;
    this.logger.error(
      `${problem}. The canary of ${model} gets nothing until POST /admin/canary/${model}/clear.`,
    );
    this.lost.set(model, problem);
    const cause = byItself('recovery', problem);
    const move: Move = (document) => recover(document, randomUUID(), this.context.at(document, cause));
    await this.tryMove(rollout, move, true);
  }

  private applied(document: RolloutDocument): void {
    const { book, effects } = this.context;
    const { model, origin } = document;
    if (origin.by !== 'recovery') this.lost.delete(model);
    const wish = this.context.wishOf(model);
    if (isSectionOf(document, wish)) this.wasInForce.set(model, wish.fingerprint);
    book.follow(document);
    const { decision } = this.decided({ document });
    const share = this.silenced.has(model) ? { ...decision, percent: 0 } : decision;
    const { comparison } = this.context.configuration.of(model) ?? { comparison: DEFAULT_COMPARISON };
    effects.apply(document, share, this.verdicts.get(model) ?? '', comparison);
  }

  private async reconcileAll(): Promise<void> {
    for (const rollout of this.rollouts.values()) {
      await this.reconcile(rollout);
      this.applied(rollout.document);
    }
  }

  /** Begins what variable or file ask for. */
  private async reconcile(rollout: ModelRollout): Promise<void> {
    const { begin } = this.decided(rollout);
    if (begin === null || !this.store.leads() || this.isSuperseded(rollout)) return;
    const { by, detail } = this.context.causeOf(begin);
    const move: Move = (document) => {
      // Asked again in its turn: an admin may have been faster.
      const wish: Beginning | null = this.decided({ document }).begin;
      if (wish === null) return { kind: 'unchanged' };
      const request = { ...this.context.allowed(document.model, wish), rolloutId: randomUUID() };
      return start(document, request, this.context.at(document, byItself(by, detail)));
    };
    await this.tryMove(rollout, move, false);
  }

  /** Another replica has begun what a newer file says; ours says nothing new until it changes, too. */
  private isSuperseded({ document }: ModelRollout): boolean {
    const wish = this.context.wishOf(document.model);
    return !isSectionOf(document, wish) && this.wasInForce.get(document.model) === wish.fingerprint;
  }

  /** A move that nobody waits for: what keeps it from being made is logged once, and tried again at the next tick. */
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

  /** One at a time: a disk that hangs must not make a step be taken twice. */
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
    for (const rollout of this.rollouts.values()) {
      // Whoever led before has seen more of the rollout.
      if (leads && !this.wasLeading) await this.context.book.restore(rollout.document);
      if (leads) await this.advance(rollout, ms);
      else if (this.store.mayRollBack()) await this.judge(rollout, false);
      this.applied(rollout.document);
    }
    this.wasLeading = leads;
    if (this.ticks % SAVE_EVERY_TICKS === 0) await this.save();
  }

  private async advance(rollout: ModelRollout, ms: number): Promise<void> {
    await this.reconcile(rollout);
    const isServing = this.context.isServing(rollout.document, this.decided(rollout));
    if (isServing) rollout.advance(ms);
    await this.judge(rollout, isServing);
  }

  /** @param mayGoOn false where a bad canary may be taken out, and nothing else */
  private async judge(rollout: ModelRollout, mayGoOn: boolean): Promise<void> {
    const { document } = rollout;
    const verdict = this.context.judge.verdict(document);
    this.verdicts.set(document.model, verdict);
    const action = verdict === null ? 'none' : rampAction(document, this.decided(rollout).mode, verdict);
    if (action === 'roll_back' || mayGoOn) await this.act(rollout, document, action);
  }

  /** Lets ramp and gates do what they want to; not when somebody else has moved the rollout since. */
  private async act(rollout: ModelRollout, judged: RolloutDocument, action: RampAction): Promise<void> {
    const context = (by: CauseName, detail: string): MoveContext =>
      this.context.at(judged, byItself(by, detail));
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
        const cause = context('gate', this.context.judge.failedGates(judged));
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
    for (const [model, rollout] of this.rollouts) {
      await rollout.saveProgress();
      await this.context.book.save(model);
    }
  }
}
