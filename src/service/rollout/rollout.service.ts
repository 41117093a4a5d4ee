import { Injectable } from '@nestjs/common';
import { DEFAULT_COMPARISON } from '../../base/config/rollout-config.js';
import { AppError } from '../../base/errors/app-error.js';
import { candidateOf, type Candidate } from '../../rollout/candidate.js';
import { MOST_WITHOUT_PAIR } from '../../rollout/gates/unjudged.js';
import { ModelRollout, type Move } from '../../rollout/model-rollout.js';
import { rolloutInForce } from '../../rollout/rollout-in-force.js';
import { untouched } from '../../rollout/rollout-machine.js';
import { RolloutStore } from '../../rollout/rollout-store.js';
import { isUnderWay, type RolloutDocument } from '../../rollout/rollout-types.js';
import { hasLost, isSectionOf, type Verdict as Decided, whoDecides } from '../../rollout/who-decides.js';
import { RolloutsInForce } from '../in-force/rollouts-in-force.js';
import { RolloutMoves } from './effects/rollout-moves.js';
import { EvidenceBook } from './evidence/evidence-book.js';
import { RolloutConfiguration } from './rollout-configuration.js';
import { RolloutVersions } from './rollout-versions.js';

/**
 * The rollouts of all models. It combines each state with the current decision and puts the result in force.
 * RolloutDriver makes the automatic moves, RolloutAdmin the moves of people.
 */
@Injectable()
export class RolloutService {
  private readonly rollouts = new Map<string, ModelRollout>();
  /** The problem of a model's state at the start, kept until a move replaces that state. */
  private readonly lost = new Map<string, string>();
  /** Models whose canary is held at 0 % while a rollback waits for its turn. */
  private readonly silenced = new Set<string>();
  /** Fingerprint of each model's configuration section that was last in force. */
  private readonly wasInForce = new Map<string, string>();

  constructor(
    private readonly store: RolloutStore,
    private readonly configuration: RolloutConfiguration,
    private readonly versions: RolloutVersions,
    private readonly book: EvidenceBook,
    private readonly inForce: RolloutsInForce,
    private readonly moves: RolloutMoves,
  ) {}

  /**
   * Reads the state of a model, once; {@link putInForce} puts it in force.
   * @returns the rollout, and the reason why its state could not be used, or null
   */
  async open(model: string): Promise<{ readonly rollout: ModelRollout; readonly problem: string | null }> {
    const { document, problem } = await this.store.load(model);
    const rollout = new ModelRollout(document ?? this.untouched(model), this.store, (now) => {
      this.putInForce(now);
    });
    this.rollouts.set(model, rollout);
    this.moves.skip(rollout.document);
    await this.book.restore(rollout.document);
    if (problem !== null) this.lost.set(model, problem);
    return { rollout, problem };
  }

  models(): string[] {
    return [...this.rollouts.keys()];
  }

  /** @throws AppError MODEL_NOT_FOUND */
  rollout(model: string): ModelRollout {
    const rollout = this.rollouts.get(model);
    if (rollout !== undefined) return rollout;
    this.versions.checkModel(model);
    throw new AppError(
      'MODEL_NOT_FOUND',
      `The configuration names no stable version of ${model}: it has no rollout.`,
    );
  }

  decided({ document }: Pick<ModelRollout, 'document'>): Decided {
    const { model } = document;
    return whoDecides({
      document,
      stableExists: this.versions.find(model, document.stable) !== null,
      canaryPercent: this.configuration.canaryPercent(model),
      file: this.configuration.wishOf(model),
      unjudged: this.book.isUnjudged(document),
    });
  }

  /**
   * True when another replica has started the rollout of a newer file. Our file then has no effect until it changes.
   */
  isSuperseded({ document }: ModelRollout): boolean {
    const wish = this.configuration.wishOf(document.model);
    return !isSectionOf(document, wish) && this.wasInForce.get(document.model) === wish.fingerprint;
  }

  /**
   * Takes the canary out at once, before the move has its turn: the stable version answers the next request.
   * @throws AppError from the move; the state is then unchanged
   */
  async rollBackAtOnce(rollout: ModelRollout, move: Move, revision: number | undefined): Promise<void> {
    rollout.checkRevision(revision);
    const { model } = rollout.document;
    this.silenced.add(model);
    this.putInForce(rollout.document);
    try {
      await rollout.move(move, { revision, atOnce: true });
    } finally {
      this.silenced.delete(model);
      this.putInForce(rollout.document);
    }
  }

  /**
   * Publishes the rollout in force that follows from a state, and reports the moves that led to the state. Call it
   * again whenever another input may have changed: the configuration, or the set of ready versions.
   */
  putInForce(document: RolloutDocument): void {
    const { model, origin } = document;
    if (origin.by !== 'recovery') this.lost.delete(model);
    const wish = this.configuration.wishOf(model);
    if (isSectionOf(document, wish)) this.wasInForce.set(model, wish.fingerprint);
    this.book.follow(document);
    const { decision } = this.decided({ document });
    this.inForce.publish(
      rolloutInForce({
        document,
        decision: this.silenced.has(model) ? { ...decision, percent: 0 } : decision,
        answering: this.answering(document),
        comparison: this.configuration.of(model)?.comparison ?? DEFAULT_COMPARISON,
      }),
    );
    this.moves.follow(document);
  }

  /** The problems that stop a rollout, in sentences for people. */
  problems(rollout: ModelRollout): string[] {
    const { document } = rollout;
    const { model, stable } = document;
    const problems = [
      this.lost.get(model) ?? null,
      this.store.problem(),
      this.configuration.problem,
      this.lostProblem(document),
      this.unjudgedProblem(document),
    ];
    if (rollout.unsaved) problems.push('The last rollback is in force here and could not be written yet.');
    const answering = this.inForce.of(model)?.answering.version.version ?? stable.version;
    if (answering !== stable.version) {
      problems.push(
        `The stable version ${stable.version} is not ready here: ${answering} answers until it is.`,
      );
    }
    const muted = this.configuration.mutedGatesOf(model);
    if (isUnderWay(document.phase) && muted.length > 0) {
      problems.push(
        `No gate acts on feedback (${muted.join(', ')}): that needs API_KEYS, without which anybody may send it.`,
      );
    }
    const canary = this.versions.view(model, document.canary);
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

  /**
   * For /health: why a state was lost or cannot be written, or which canary is not judged; null when there is no problem.
   */
  healthProblem(): string | null {
    const unjudged = [...this.rollouts.values()].map(({ document }) => this.unjudgedProblem(document));
    const problems = [...this.lost.values(), this.store.problem(), ...unjudged];
    return problems.find((problem) => problem !== null) ?? null;
  }

  /** For /health: why the file is not, or not completely, in force; null when it is. */
  get configurationProblem(): string | null {
    const lost = [...this.rollouts.values()].map(({ document }) => this.lostProblem(document));
    return [this.configuration.problem, ...lost].find((problem) => problem !== null) ?? null;
  }

  /** A file that was not complete when the service started has no earlier file that could stay in force. */
  private lostProblem(document: RolloutDocument): string | null {
    const { model } = document;
    if (!hasLost(this.configuration.wishOf(model), document)) return null;
    return `rollout.${model}: the file does not name the rollout that is running; it goes on by its state. Write its section again; to end it, write canary: null.`;
  }

  private unjudgedProblem(document: RolloutDocument): string | null {
    if (!this.book.isUnjudged(document)) return null;
    const { percent } = this.decided({ document }).decision;
    return `The canary ${document.canary?.version ?? ''} of ${document.model} has given more than ${MOST_WITHOUT_PAIR} answers in this step, and none was compared with the stable version: its share is held at ${percent} % and does not rise. serin_comparison_skipped_total says why.`;
  }

  private untouched(model: string): RolloutDocument {
    const { fingerprint: configuration, stable, canary, mode, steps } = this.configuration.wishOf(model);
    return untouched(model, { stable, canary, mode, steps, configuration });
  }

  /**
   * The candidate that answers: the stable one once its version is ready. Another replica may have promoted a version
   * that is still loading here; until it is ready, the candidate that answered before keeps answering.
   */
  private answering({ model, stable }: RolloutDocument): Candidate {
    const now = this.inForce.of(model)?.answering;
    if (now === undefined || now.version.version === stable.version) return candidateOf(stable);
    const wanted = this.versions.view(model, stable);
    const current = this.versions.stateOf(model, now.version.version);
    return wanted?.state !== 'ready' && current === 'ready' ? now : candidateOf(stable);
  }
}
