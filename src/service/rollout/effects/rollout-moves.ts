import { Injectable } from '@nestjs/common';
import type { RolloutDocument, RolloutMove } from '../../../rollout/rollout-types.js';
import { audit } from '../../observability/audit.js';
import { RolloutMetrics } from '../../observability/rollout-metrics.js';

/** Called after a move is in force, with the state before it; undefined when that is not known. */
export type MoveListener = (
  document: RolloutDocument,
  move: RolloutMove,
  before: RolloutDocument | undefined,
) => void;

/** Tells each move once, after it is in force: to the audit log, to the metrics, and to listeners. */
@Injectable()
export class RolloutMoves {
  private readonly listeners = new Set<MoveListener>();
  /** The states in force, by model. */
  private readonly states = new Map<string, RolloutDocument>();
  /**
   * The last move of each model that is known already. Its time tells it from another one of the same revision, which
   * is there when what was refused has been written after all.
   */
  private readonly told = new Map<string, Pick<RolloutMove, 'revision' | 'at'>>();

  constructor(private readonly metrics: RolloutMetrics) {}

  /** The moves until here were told by an earlier process. */
  skip({ model, history }: RolloutDocument): void {
    const last = history.at(-1);
    if (last !== undefined) this.told.set(model, last);
  }

  /** Takes the state that is in force now, and tells the moves that have led to it since the one before. */
  follow(document: RolloutDocument): void {
    const before = this.states.get(document.model);
    this.states.set(document.model, document);
    for (const move of this.newsOf(document)) this.tell(document, move, before);
  }

  /** The state in force, of every model. */
  documents(): RolloutDocument[] {
    return [...this.states.values()];
  }

  /** @returns how to stop listening */
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
    // A replica that joins was not there when the others made the moves before.
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
