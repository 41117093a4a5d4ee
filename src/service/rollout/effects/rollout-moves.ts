import { Injectable } from '@nestjs/common';
import type { RolloutDocument, RolloutMove } from '../../../rollout/rollout-types.js';
import { audit } from '../../observability/audit.js';
import { RolloutMetrics } from '../../observability/rollout-metrics.js';

/** Called after a move is in force. `before` is the state before the move; undefined when it is not known. */
export type MoveListener = (
  document: RolloutDocument,
  move: RolloutMove,
  before: RolloutDocument | undefined,
) => void;

/** Reports each move once, after it is in force, to the audit log, to the metrics and to listeners. */
@Injectable()
export class RolloutMoves {
  private readonly listeners = new Set<MoveListener>();
  /** The states in force, by model. */
  private readonly states = new Map<string, RolloutDocument>();
  /**
   * The last reported move of each model. The time distinguishes it from another move of the same revision, which
   * exists when a write that was reported as failed has been written after all.
   */
  private readonly told = new Map<string, Pick<RolloutMove, 'revision' | 'at'>>();

  constructor(private readonly metrics: RolloutMetrics) {}

  /** Marks the moves so far as reported: an earlier process has reported them. */
  skip({ model, history }: RolloutDocument): void {
    const last = history.at(-1);
    if (last !== undefined) this.told.set(model, last);
  }

  /** Takes the state that is in force now, and reports the moves since the previous one. */
  follow(document: RolloutDocument): void {
    const before = this.states.get(document.model);
    this.states.set(document.model, document);
    for (const move of this.newsOf(document)) this.tell(document, move, before);
  }

  /** The states in force, of all models. */
  documents(): RolloutDocument[] {
    return [...this.states.values()];
  }

  /** @returns a function that removes the listener */
  onMove(listener: MoveListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  private newsOf({ model, history }: RolloutDocument): readonly RolloutMove[] {
    const last = history.at(-1);
    const known = this.told.get(model);
    if (last === undefined || (last.revision === known?.revision && last.at === known.at)) return [];
    // Without a known move, report only the last one: a replica that joins did not see the earlier moves.
    const isNews = ({ revision, at }: RolloutMove): boolean =>
      known === undefined
        ? revision === last.revision
        : revision > known.revision || (revision === known.revision && at !== known.at);
    const news = history.filter(isNews);
    if (news.length > 0) this.told.set(model, last);
    return news;
  }

  private tell(document: RolloutDocument, move: RolloutMove, before: RolloutDocument | undefined): void {
    const { model } = document;
    const { from, to, cause, forced } = move;
    audit(`rollout.${move.move}`, {
      model,
      revision: move.revision,
      from,
      to,
      by: cause.by,
      cause: cause.detail,
      forced,
      request_id: cause.request_id,
    });
    this.metrics.moved(model, move.move, cause.by);
    for (const listener of this.listeners) listener(document, move, before);
  }
}
