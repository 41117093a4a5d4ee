import { Injectable } from '@nestjs/common';
import { EvidenceBook } from './evidence/evidence-book.js';
import { flipViews, type Figures, type FlipView } from '../../rollout/evidence/figures-view.js';
import { mutedRow } from '../../rollout/gates/feedback-gates.js';
import type { GateSettings, Judgement, Verdict } from '../../rollout/gates/types.js';
import { decide, evaluate } from '../../rollout/gates/verdict.js';
import { samplesOf } from '../../rollout/gates/progress.js';
import type { Samples } from '../../rollout/verdict-pace.js';
import { stepInfoOf } from '../../rollout/ramp.js';
import { RolloutConfiguration } from './rollout-configuration.js';
import type { MoveContext } from '../../rollout/rollout-machine.js';
import {
  isUnderWay,
  type MoveCause,
  type MoveFigures,
  type RolloutDocument,
} from '../../rollout/rollout-types.js';
import { RolloutVersions } from './rollout-versions.js';
import { figuresOf, moveFigures } from '../../rollout/rollout-view.js';

/** Applies the gates to the evidence of a rollout. */
@Injectable()
export class RolloutJudge {
  constructor(
    private readonly book: EvidenceBook,
    private readonly configuration: RolloutConfiguration,
    private readonly versions: RolloutVersions,
  ) {}

  /** The verdict of the gates; null while there is no evidence to judge. */
  verdict(document: RolloutDocument): Verdict | null {
    const evidence = this.evidence(document);
    return evidence && decide(evidence, this.settings(document), stepInfoOf(document));
  }

  /** The verdict with one row per gate; costs about a hundred times as much as verdict(). */
  judgement(document: RolloutDocument): Judgement | null {
    const evidence = this.evidence(document);
    if (evidence === null) return null;
    const { verdict, gates } = evaluate(evidence, this.settings(document), stepInfoOf(document));
    const muted = this.configuration.mutedGatesOf(document.model);
    return { verdict, gates: gates.map((row) => (muted.includes(row.gate) ? mutedRow(row) : row)) };
  }

  /** The samples that the verdict waits for, and how many it needs; null while there is nothing to judge. */
  progress(document: RolloutDocument): { readonly samples: Samples; readonly minimum: number } | null {
    const evidence = this.evidence(document);
    if (evidence === null) return null;
    const samples = samplesOf(evidence, stepInfoOf(document));
    return { samples, minimum: this.settings(document).minimumSamples };
  }

  /** The sentences of the failing gates. */
  failedGates(document: RolloutDocument): string {
    const failed = this.judgement(document)?.gates.filter(({ state }) => state === 'fail') ?? [];
    return failed.map(({ gate, sentence }) => `${gate}: ${sentence}`).join(' ');
  }

  /** The figures of a rollout; null while there are none. */
  figures(document: RolloutDocument): Figures | null {
    const evidence = hasPair(document) ? this.book.gateEvidence(document, 0) : null;
    return evidence && figuresOf(evidence, this.versions.labels(document));
  }

  /** At most 50 texts with different answers: a fair sample of all of them. */
  flips(document: RolloutDocument): FlipView[] {
    if (!hasPair(document)) return [];
    return flipViews(this.book.flips(document.model), this.versions.labels(document));
  }

  /** The time, the cause and the figures that are recorded with a move made now. */
  moveContext(document: RolloutDocument, cause: MoveCause): MoveContext {
    return { at: new Date().toISOString(), cause, figures: this.moveFigures(document) };
  }

  private moveFigures(document: RolloutDocument): MoveFigures | null {
    const evidence = this.evidence(document);
    if (evidence === null) return null;
    const verdict = decide(evidence, this.settings(document), stepInfoOf(document));
    return moveFigures(document, evidence, verdict);
  }

  private evidence(document: RolloutDocument): ReturnType<EvidenceBook['gateEvidence']> {
    if (!isUnderWay(document.phase)) return null;
    return this.book.gateEvidence(document, this.versions.labels(document).length);
  }

  private settings({ model }: RolloutDocument): GateSettings {
    return this.configuration.gatesOf(model);
  }
}

/** Whether there are two versions to compare: after a cleared promotion only one is left. */
const hasPair = ({ phase, canary }: RolloutDocument): boolean => canary !== null || phase === 'promoted';
