import { emptySeries, withPoint, type SeriesDocument, type SeriesPoint } from './series.js';
import { noEvidence, type Evidence } from './counts.js';
import { parseDocument, type EvidenceDocument } from './evidence-document.js';
import {
  exampleLabels,
  exampleText,
  hexOf,
  mergeExamples,
  withoutText,
  type FlipExample,
} from './flip-examples.js';
import {
  recordFeedback,
  recordOutcome,
  recordPair,
  recordRun,
  type Feedback,
  type OwnOutcome,
  type AnswerPair,
  type WorkerRun,
} from './record.js';
import type { Side } from '../../engine/tasks/task.js';
import { SeenTexts, textHash } from './seen-texts.js';

export type { EvidenceDocument, Side };

const MAX_STEPS = 16;

/** Knows which texts any replica of one rollout has counted. */
export interface DistinctTexts {
  /** @param answer called once, now or later, when it is known whether the text is new to all of them. */
  ask(hash: bigint, answer: (isNew: boolean) => void): void;
}

/**
 * What one process has seen of one rollout, in bounded memory: each number is counted in the step in which it came
 * and in the total. A text is new once per rollout: replicas that share one ask {@link DistinctTexts}, and count its
 * pair when they have the answer, in the step in which it was seen.
 */
export class RolloutEvidence {
  private total = noEvidence();
  private readonly steps = new Map<number, Evidence>();
  private seen = new SeenTexts();
  private examples: FlipExample[] = [];
  private wasSaturated = false;
  private points: SeriesDocument = emptySeries();
  private step = noEvidence();
  private replicas: DistinctTexts | null = null;
  private visit = 0;

  constructor(
    visit: number,
    private readonly keepTexts: boolean,
  ) {
    this.enterStep(visit);
  }

  /** From now on everything counts in this step; one that was entered before goes on. */
  enterStep(visit: number): void {
    this.visit = visit;
    this.step = this.steps.get(visit) ?? noEvidence();
    this.steps.set(visit, this.step);
    const oldest = Math.min(...this.steps.keys());
    if (this.steps.size > MAX_STEPS && oldest !== visit) this.steps.delete(oldest);
  }

  /**
   * Counts what both versions said about a text.
   * @param mayBeNew false for a text that is known to have been counted already
   */
  addPair(text: string, pair: AnswerPair, mayBeNew = true): void {
    const { stable, canary, difference } = pair;
    if (stable === null && canary === null) return;
    const hash = textHash(text);
    const windows = this.current();
    const count = (isNew: boolean): void => {
      for (const window of windows) recordPair(window, pair, isNew);
      if (!isNew || stable === null || canary === null || difference?.flip !== true) return;
      const example: FlipExample = {
        hash: hexOf(hash),
        ...exampleLabels(stable.said, canary.said),
        stableScore: stable.score,
        canaryScore: canary.score,
        length: text.length,
        text: this.keepTexts ? exampleText(text) : null,
      };
      this.examples = mergeExamples(this.examples, [example]);
    };
    const isNewHere = this.seen.add(hash) && mayBeNew;
    if (isNewHere && this.replicas !== null) this.replicas.ask(hash, count);
    else count(isNewHere);
  }

  /** From now on a text counts only if none of the replicas has counted it. */
  shareTexts(replicas: DistinctTexts): void {
    this.replicas = replicas;
  }

  /** Begins anew in the same step, as if nothing had been seen. */
  forget(): void {
    this.total = noEvidence();
    this.steps.clear();
    this.seen = new SeenTexts();
    this.examples = [];
    this.wasSaturated = false;
    this.enterStep(this.visit);
  }

  addOutcome(side: Side, outcome: OwnOutcome): void {
    for (const window of this.current()) recordOutcome(window[side], outcome);
  }

  addRun(side: Side, run: WorkerRun): void {
    for (const window of this.current()) recordRun(window[side], run);
  }

  addFeedback(side: Side, feedback: Feedback): void {
    for (const window of this.current()) recordFeedback(window[side], feedback);
  }

  /** Texts on which the versions disagreed; never changed in place. */
  get flips(): readonly FlipExample[] {
    return this.examples;
  }

  /** How it went over time; never changed in place. */
  get series(): SeriesDocument {
    return this.points;
  }

  addPoint(point: SeriesPoint): void {
    this.points = withPoint(this.points, point);
  }

  /** A copy: what is counted later does not change it. */
  toDocument(): EvidenceDocument {
    return structuredClone({
      total: this.total,
      steps: Object.fromEntries(this.steps),
      examples: this.examples,
      saturated: this.wasSaturated || this.seen.saturated,
      series: this.points,
    });
  }

  /** The total and one step as they stand: no copy, to be read before anything else is counted. */
  windows(visit: number): { readonly total: Evidence; readonly step: Evidence; readonly saturated: boolean } {
    return {
      total: this.total,
      step: this.steps.get(visit) ?? noEvidence(),
      saturated: this.wasSaturated || this.seen.saturated,
    };
  }

  /** Hashes of the texts seen, 8 bytes each. */
  seenBytes(): Buffer {
    return this.seen.toBytes();
  }

  /**
   * Goes on from what an earlier process left.
   * @param document what `toDocument` gave, as it was read back
   * @throws Error naming the place, when the document is not evidence; nothing is taken over then
   */
  restore(document: unknown, seenBytes: Buffer, visit: number): void {
    const { total, steps, examples, saturated, series } = parseDocument(document);
    this.total = total;
    this.steps.clear();
    for (const [key, step] of Object.entries(steps)) this.steps.set(Number(key), step);
    // They may be from a time when texts could be kept.
    this.examples = this.keepTexts ? [...examples] : examples.map(withoutText);
    this.wasSaturated = saturated;
    this.points = series;
    this.seen.addBytes(seenBytes);
    this.enterStep(visit);
  }

  private current(): readonly Evidence[] {
    return [this.total, this.step];
  }
}
