import { Inject, Injectable, Logger } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../../base/config/serin-config.js';
import { noEvidence } from '../../../rollout/evidence/counts.js';
import {
  type EvidenceDocument,
  mergeDocuments,
  parseDocument,
} from '../../../rollout/evidence/evidence-document.js';
import { type FlipExample, mergeExamples, withoutText } from '../../../rollout/evidence/flip-examples.js';
import { mergeEvidence } from '../../../rollout/evidence/merge.js';
import { RolloutEvidence } from '../../../rollout/evidence/rollout-evidence.js';
import type { GateEvidence } from '../../../rollout/gates/types.js';
import { isUnjudged } from '../../../rollout/gates/unjudged.js';
import { type EvidenceElsewhere, RolloutStore } from '../../../rollout/rollout-store.js';
import { isUnderWay, type RolloutDocument } from '../../../rollout/rollout-types.js';

/** The evidence of one model's rollout in this process. */
export interface OpenBook {
  readonly rolloutId: string;
  readonly evidence: RolloutEvidence;
  /** Reads the evidence of the other processes; null when this process is the only one. */
  readonly elsewhere: EvidenceElsewhere | null;
}

/** The number of counted requests and pairs. It grows with every recorded event. */
const sizeOf = ({ total }: Pick<GateEvidence, 'total'>): number =>
  total.pairs.trafficPairs + total.canary.requests + total.stable.requests + total.canary.feedback.total;

/** The evidence of this process and of the others. */
function allOf({ evidence, elsewhere }: OpenBook): EvidenceDocument {
  const others = elsewhere?.() ?? null;
  const own = evidence.toDocument();
  return others === null ? own : mergeDocuments([own, others]);
}

/** The evidence of this process: one book per rollout, and a new book when another rollout begins. */
@Injectable()
export class EvidenceBook {
  private readonly logger = new Logger('Rollout');
  private readonly books = new Map<string, OpenBook>();
  /** Evidence of the previous rollout, by model: its report may not have been written yet. */
  private readonly closed = new Map<
    string,
    { readonly rolloutId: string; readonly document: EvidenceDocument }
  >();
  private readonly savedSizes = new Map<string, number>();

  constructor(
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
    private readonly store: RolloutStore,
  ) {}

  /** The book in which to record a model's evidence; undefined when no rollout is being compared. */
  open(model: string): OpenBook | undefined {
    return this.books.get(model);
  }

  /**
   * Follows the state: another rollout starts a new book, and another step of the same rollout starts a new window in
   * it.
   */
  follow({ model, rollout_id: rolloutId, visit, phase }: RolloutDocument): void {
    const book = this.books.get(model);
    if (book !== undefined && book.rolloutId !== rolloutId) {
      this.closed.set(model, { rolloutId: book.rolloutId, document: allOf(book) });
      this.books.delete(model);
    }
    if (!isUnderWay(phase)) return;
    if (book?.rolloutId === rolloutId) book.evidence.enterStep(visit);
    else {
      const evidence = new RolloutEvidence(visit, this.config.logText);
      const elsewhere = this.store.share(model, rolloutId, evidence);
      this.books.set(model, { rolloutId, evidence, elsewhere });
    }
  }

  /** The evidence of all replicas for the gates at this moment; null without a rollout. Read it at once: it changes. */
  gateEvidence({ model, visit }: RolloutDocument, labelCount: number): GateEvidence | null {
    const book = this.books.get(model);
    if (book === undefined) return null;
    const own = book.evidence.windows(visit);
    const others = book.elsewhere?.() ?? null;
    if (others === null) return { labelCount, ...own };
    return {
      labelCount,
      total: mergeEvidence(own.total, others.total),
      step: mergeEvidence(own.step, others.steps[visit] ?? noEvidence()),
      saturated: own.saturated || others.saturated,
    };
  }

  /**
   * Whether the canary answers users in the current step and none of its answers was compared, on this replica or another
   * one.
   */
  isUnjudged({ model, phase, visit, rollout_id: rolloutId }: RolloutDocument): boolean {
    const book = this.books.get(model);
    if (book?.rolloutId !== rolloutId || !isUnderWay(phase)) return false;
    const others = book.elsewhere?.()?.steps[visit];
    const own = book.evidence.windows(visit).step;
    return isUnjudged(others === undefined ? [own] : [own, others]);
  }

  /**
   * Texts for which the two versions gave different answers, from all replicas. User texts are included only with
   * LOG_TEXT.
   */
  flips(model: string): readonly FlipExample[] {
    const book = this.books.get(model);
    if (book === undefined) return [];
    return this.allowed(mergeExamples(book.evidence.flips, book.elsewhere?.()?.examples ?? []));
  }

  /**
   * All evidence of a rollout: of the current one, of the previous one, or of one that an earlier process saved. Null
   * when this process knows nothing of it. User texts are included only with LOG_TEXT.
   */
  async documentOf(model: string, rolloutId: string): Promise<EvidenceDocument | null> {
    const book = this.books.get(model);
    const closed = this.closed.get(model);
    let document: EvidenceDocument | null;
    if (book?.rolloutId === rolloutId) document = allOf(book);
    else if (closed?.rolloutId === rolloutId) document = closed.document;
    else document = await this.kept(model, rolloutId);
    return document && { ...document, examples: this.allowed(document.examples) };
  }

  /**
   * Continues from the saved evidence. Evidence that cannot be read is logged, and the rollout continues without it.
   */
  async restore(document: RolloutDocument): Promise<void> {
    this.follow(document);
    const book = this.books.get(document.model);
    const kept = book && (await this.store.loadEvidence(document.model, book.rolloutId));
    if (!kept) return;
    try {
      book.evidence.restore(kept.document, kept.seen, document.visit);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error(`the evidence kept for ${document.model} cannot be used (${reason}): it begins anew`);
    }
  }

  /** The saved evidence of a rollout; null when there is none or it cannot be used. */
  private async kept(model: string, rolloutId: string): Promise<EvidenceDocument | null> {
    const kept = await this.store.loadEvidence(model, rolloutId);
    try {
      return kept && parseDocument(kept.document);
    } catch {
      return null;
    }
  }

  /**
   * Removes texts unless LOG_TEXT is on: another replica or an earlier process may have stored texts that must not be
   * shown here.
   */
  private allowed(examples: readonly FlipExample[]): readonly FlipExample[] {
    return this.config.logText ? examples : examples.map(withoutText);
  }

  /** Saves the evidence when it has grown since the last save. */
  async save(model: string): Promise<void> {
    const book = this.books.get(model);
    if (book === undefined) return;
    const key = `${model}/${book.rolloutId}`;
    const size = sizeOf(book.evidence.windows(0));
    if (this.savedSizes.get(key) === size) return;
    const document = book.evidence.toDocument();
    const evidence = { document, seen: book.evidence.seenBytes() };
    if (await this.store.saveEvidence(model, book.rolloutId, evidence)) this.savedSizes.set(key, size);
  }
}
