import { Injectable } from '@nestjs/common';
import { DEFAULT_GATES, type GateSettings } from '../../base/config/rollout-config.js';
import { EvidenceBook } from './evidence/evidence-book.js';
import { flipViews, type Figures, type FlipView } from '../../rollout/evidence/figures-view.js';
import type { Judgement, Verdict } from '../../rollout/gates/types.js';
import { decide, evaluate } from '../../rollout/gates/verdict.js';
import { stepInfoOf } from '../../rollout/ramp.js';
import { RolloutConfiguration } from './rollout-configuration.js';
import type { MoveContext } from '../../rollout/rollout-machine.js';
import type { MoveCause, MoveFigures, RolloutDocument } from '../../rollout/rollout-types.js';
import { RolloutVersions } from './rollout-versions.js';
import { figuresOf, moveFigures } from '../../rollout/rollout-view.js';

/** Puts what was seen of a rollout before the gates. */
@Injectable()
export class RolloutJudge {
  constructor(
    private readonly book: EvidenceBook,
    private readonly configuration: RolloutConfiguration,
    private readonly versions: RolloutVersions,
  ) {}

  /** Null while there is nothing to judge. */
  verdict(document: RolloutDocument): Verdict | null {
    const evidence = this.evidence(document);
    return evidence && decide(evidence, this.settings(document), stepInfoOf(document));
  }

  /** The verdict with one row per gate; a hundred times as much work. */
  judgement(document: RolloutDocument): Judgement | null {
    const evidence = this.evidence(document);
    return evidence && evaluate(evidence, this.settings(document), stepInfoOf(document));
  }

  /** The gates that fail, in words. */
  failedGates(document: RolloutDocument): string {
    const failed = this.judgement(document)?.gates.filter(({ state }) => state === 'fail') ?? [];
    return failed.map(({ gate, sentence }) => `${gate}: ${sentence}`).join(' ');
  }

  /** Null while there is nothing to show. */
  figures(document: RolloutDocument): Figures | null {
    const evidence = hasPair(document) ? this.book.gateEvidence(document, 0) : null;
    return evidence && figuresOf(evidence, this.versions.labels(document));
  }

  /** At most 50, a fair sample of them all. */
  flips(document: RolloutDocument): FlipView[] {
    if (!hasPair(document)) return [];
    return flipViews(this.book.flips(document.model), this.versions.labels(document));
  }

  /** What a move made at this moment knows beside the state. */
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
    if (document.phase !== 'running' && document.phase !== 'paused') return null;
    return this.book.gateEvidence(document, this.versions.labels(document).length);
  }

  private settings({ model }: RolloutDocument): GateSettings {
    return this.configuration.of(model)?.gates ?? DEFAULT_GATES;
  }
}

/** Whether there are two versions that figures could be about: a promotion that was cleared has left one. */
const hasPair = ({ phase, canary }: RolloutDocument): boolean => canary !== null || phase === 'promoted';
