import { Injectable } from '@nestjs/common';
import type { RolloutDocument } from '../../rollout/rollout-types.js';
import { VerdictPace, type VerdictEstimate } from '../../rollout/verdict-pace.js';
import { RolloutJudge } from './rollout-judge.js';

interface Known {
  readonly rolloutId: string;
  readonly visit: number;
  readonly pace: VerdictPace;
}

/** Estimates for each model when its rollout has enough samples for a verdict. */
@Injectable()
export class VerdictEstimates {
  private readonly byModel = new Map<string, Known>();

  constructor(private readonly judge: RolloutJudge) {}

  /** Notes the samples of this moment; to be called every second or so. */
  note(document: RolloutDocument): void {
    const pace = this.paceOf(document);
    const now = performance.now();
    // Progress adds up the evidence of all replicas.
    const progress = pace.isDue(now) ? this.judge.progress(document) : null;
    if (progress !== null) pace.note(progress.samples, now);
  }

  /** Null while there is nothing to judge. */
  of(document: RolloutDocument): VerdictEstimate | null {
    const progress = this.judge.progress(document);
    if (progress === null) return null;
    return this.paceOf(document).estimate(progress.samples, progress.minimum, performance.now());
  }

  /** The pace of the current step: each step counts its answers anew. */
  private paceOf({ model, rollout_id: rolloutId, visit }: RolloutDocument): VerdictPace {
    const known = this.byModel.get(model);
    if (known?.rolloutId === rolloutId && known.visit === visit) return known.pace;
    const pace = new VerdictPace();
    this.byModel.set(model, { rolloutId, visit, pace });
    return pace;
  }
}
