import { AppError } from '../base/errors/app-error.js';
import type { MoveResult } from './rollout-machine.js';
import type { RolloutStore } from './rollout-store.js';
import type { RolloutDocument } from './rollout-types.js';
import { takeOutAgain } from './take-out-again.js';

/** Computes the next state from the current one. */
export type Move = (document: RolloutDocument) => MoveResult;

export interface MoveOptions {
  /** The revision that the caller expects; the move is refused if the state has another one. */
  readonly revision?: number | undefined;
  /** Applies the move before it is written, and keeps it if writing fails. Used for moves that take a version out. */
  readonly atOnce?: boolean;
}

/** Called with the new state after each change. */
export type Applied = (document: RolloutDocument) => void;

/** Attempts for one move, which is computed again when another process has written in between. */
const TRIES = 3;

/**
 * The state of one model's rollout in this process, and its moves. Moves run one after the other, and each is written
 * before it takes effect, except for moves with `atOnce`.
 */
export class ModelRollout {
  private current: RolloutDocument;
  private savedRevision: number | null;
  private lastTurn: Promise<unknown> = Promise.resolve();
  private isBehind = false;
  private savedElapsedMs = 0;

  constructor(
    document: RolloutDocument,
    private readonly store: RolloutStore,
    private readonly applied: Applied,
  ) {
    this.current = document;
    this.savedRevision = document.revision === 0 ? null : document.revision;
  }

  get document(): RolloutDocument {
    return this.current;
  }

  /** True while a move that took a version out is in force but could not be written yet. */
  get unsaved(): boolean {
    return this.isBehind;
  }

  /**
   * @returns the document in force afterwards
   * @throws AppError CONFLICT when the move is not possible or the revision is stale, STATE_UNAVAILABLE when it cannot
   *   be written; the move then has no effect
   */
  move(make: Move, options: MoveOptions = {}): Promise<RolloutDocument> {
    return this.inTurn(async () => {
      this.checkRevision(options.revision);
      for (let tries = 1; ; tries++) {
        const before = this.current;
        const result = make(before);
        if (result.kind === 'refused') throw new AppError('CONFLICT', result.sentence);
        if (result.kind === 'unchanged') return before;
        if (options.atOnce === true) {
          const refusal = this.store.refusal();
          if (refusal !== null) throw new AppError('STATE_UNAVAILABLE', refusal);
          this.adopt(result.document);
        }
        const saved = await this.store.compareAndSet(result.document, this.savedRevision);
        switch (saved.kind) {
          case 'saved':
            this.written(result.document);
            if (options.atOnce !== true) this.adopt(result.document);
            return result.document;
          case 'conflict':
            this.follow(saved.current ?? before);
            if (options.revision === undefined && tries < TRIES) continue;
            throw stale(this.current.revision, options.revision);
          case 'failed':
            if (options.atOnce === true) {
              this.isBehind = true;
              return result.document;
            }
            throw new AppError('STATE_UNAVAILABLE', saved.reason);
          case 'refused':
            if (options.atOnce === true) this.adopt(before);
            throw new AppError('STATE_UNAVAILABLE', saved.reason);
        }
      }
    });
  }

  /** @throws AppError CONFLICT */
  checkRevision(revision: number | undefined): void {
    if (revision !== undefined && revision !== this.current.revision) {
      throw stale(this.current.revision, revision);
    }
  }

  /** Takes over a document that another process has written, unless it is older. */
  accept(document: RolloutDocument): Promise<void> {
    return this.inTurn(() => {
      if (document.revision >= this.current.revision) this.follow(document);
      return Promise.resolve();
    });
  }

  /** Adds to the time spent in the step. */
  advance(ms: number): void {
    const { current } = this;
    this.current = { ...current, elapsed_in_step_ms: current.elapsed_in_step_ms + ms };
  }

  /** Writes the time spent in the step, and a move that took a version out but could not be written at the time. */
  saveProgress(): Promise<void> {
    return this.inTurn(async () => {
      const { current } = this;
      const hasNews = this.isBehind || current.elapsed_in_step_ms !== this.savedElapsedMs;
      if (current.revision === 0 || !hasNews) return;
      const saved = await this.store.compareAndSet(current, this.savedRevision);
      if (saved.kind === 'saved') this.written(current);
      if (saved.kind === 'conflict' && saved.current !== null) this.follow(saved.current);
    });
  }

  private written({ revision, elapsed_in_step_ms: elapsedMs }: RolloutDocument): void {
    this.savedRevision = revision;
    this.savedElapsedMs = elapsedMs;
    this.isBehind = false;
  }

  /**
   * Adopts the state that another process has written. A move of ours that took a version out and is not written yet is
   * applied to it again.
   */
  private follow(theirs: RolloutDocument): void {
    const document = this.isBehind ? takeOutAgain(theirs, this.current) : theirs;
    this.written(theirs);
    this.isBehind = document !== theirs;
    this.adopt(document);
  }

  private adopt(document: RolloutDocument): void {
    this.current = document;
    this.applied(document);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.lastTurn.then(work);
    this.lastTurn = result.catch(() => undefined);
    return result;
  }
}

function stale(actual: number, asked: number | undefined): AppError {
  const which = asked === undefined ? '' : `, not ${String(asked)}`;
  return new AppError(
    'CONFLICT',
    `The rollout has revision ${String(actual)} now${which}; read it again and repeat.`,
  );
}
