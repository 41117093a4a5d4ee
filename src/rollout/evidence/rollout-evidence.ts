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

/** Finds out whether any replica has counted a text of the rollout. */
export interface DistinctTexts {
  /** @param answer called once, now or later, when it is known whether the text is new to all replicas. */
  ask(hash: bigint, answer: (isNew: boolean) => void): void;
}

/**
 * The evidence of one process about one rollout, in bounded memory. Each observation is counted in its step and in the
 * total. A text is new only once per rollout. Replicas that share a rollout ask {@link DistinctTexts}; when they have
 * the answer, they count the pair in the step in which the text arrived.
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
  private currentVisit = 0;

  constructor(
    visit: number,
    private readonly keepTexts: boolean,
  ) {
    this.enterStep(visit);
  }

  /** The step in which observations count, as StepInfo.visit. */
  get visit(): number {
    return this.currentVisit;
  }

  /** From now on, observations count in this step. The counts of a step that was entered before are continued. */
  enterStep(visit: number): void {
    this.currentVisit = visit;
    this.step = this.steps.get(visit) ?? noEvidence();
    this.steps.set(visit, this.step);
    const oldest = Math.min(...this.steps.keys());
    if (this.steps.size > MAX_STEPS && oldest !== visit) this.steps.delete(oldest);
  }

  /**
   * Counts the answers of both versions for a text.
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

  /** Discards all evidence and begins again in the same step. */
  forget(): void {
    this.total = noEvidence();
    this.steps.clear();
    this.seen = new SeenTexts();
    this.examples = [];
    this.wasSaturated = false;
    this.enterStep(this.currentVisit);
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

  /** Texts on which the versions disagreed. The list is never changed in place. */
  get flips(): readonly FlipExample[] {
    return this.examples;
  }

  /** The course of the rollout over time. The series is never changed in place. */
  get series(): SeriesDocument {
    return this.points;
  }

  addPoint(point: SeriesPoint): void {
    this.points = withPoint(this.points, point);
  }

  /** A copy, which later counts do not change. */
  toDocument(): EvidenceDocument {
    return structuredClone({
      total: this.total,
      steps: Object.fromEntries(this.steps),
      examples: this.examples,
      saturated: this.wasSaturated || this.seen.saturated,
      series: this.points,
    });
  }

  /** The current total and one step. They are no copies: read them before anything else is counted. */
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
   * Continues from the evidence of an earlier process.
   * @param document the result of `toDocument`, as it was read back
   * @throws Error naming the place, when the document is not evidence; this evidence is then unchanged
   */
  restore(document: unknown, seenBytes: Buffer, visit: number): void {
    const { total, steps, examples, saturated, series } = parseDocument(document);
    this.total = total;
    this.steps.clear();
    for (const [key, step] of Object.entries(steps)) this.steps.set(Number(key), step);
    // The examples may be from a time when the configuration allowed texts.
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
