import { AppError } from '../base/errors/app-error.js';
import type { MoveResult } from './rollout-machine.js';
import type { RolloutStore } from './rollout-store.js';
import type { RolloutDocument } from './rollout-types.js';
import { takeOutAgain } from './take-out-again.js';

/** Makes the next state of the one in force. */
export type Move = (document: RolloutDocument) => MoveResult;

export interface MoveOptions {
  /** What whoever asks believes the revision to be. */
  readonly revision?: number | undefined;
  /** The move is in force before it is written, and stays so when it cannot be: for what takes a version out. */
  readonly atOnce?: boolean;
}

/** Called with the state in force, after each change of it. */
export type Applied = (document: RolloutDocument) => void;

/** Times that a move is made again because somebody else has written in between. */
const TRIES = 3;

/**
 * The state of one model's rollout in this process, and its moves: one after the other, each written before it is in
 * force.
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

  /** True while a move is in force that took a version out and could not be written yet. */
  get unsaved(): boolean {
    return this.isBehind;
  }

  /**
   * @returns the document in force afterwards
   * @throws AppError CONFLICT when the move is not possible or the revision is stale, STATE_UNAVAILABLE when it cannot
   *   be written; the state is then as it was
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

  /** Takes over what somebody else has written, unless it is older. */
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

  /** Writes the time in the step, and a rollback that could not be written when it was made. */
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

  /** What somebody else has written is in force; what took a version out and waits to be written is made again on it. */
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
