import { Injectable } from '@nestjs/common';
import { CanaryService, type LiveSplit } from '../../canary/canary.service.js';
import { EvidenceBook } from '../evidence/evidence-book.js';
import type { WorkerRun } from '../../../rollout/evidence/record.js';
import { RolloutConfiguration } from '../rollout-configuration.js';
import { DEFAULT_COMPARISON, type ComparisonConfig } from '../../../base/config/rollout-config.js';
import { ModelRegistryService } from '../../model-registry/model-registry.service.js';
import type { ModelVersion } from '../../../registry/model-version.js';
import { ComparedRollout } from './compared-rollout.js';

interface Known {
  split: LiveSplit;
  readonly rollout: ComparedRollout;
}

/** The rollouts that are being compared now: one per model at most. */
@Injectable()
export class ComparedRollouts {
  private readonly byModel = new Map<string, Known>();

  constructor(
    private readonly canary: CanaryService,
    private readonly book: EvidenceBook,
    private readonly registry: ModelRegistryService,
    private readonly configuration: RolloutConfiguration,
  ) {}

  /** The rollout in force; undefined when no user and no shadow meets a canary of this model. */
  find(model: string): ComparedRollout | undefined {
    const split = this.canary.split(model);
    if (split?.canary == null || (split.percent <= 0 && !split.shadow)) return undefined;
    const known = this.byModel.get(model);
    const isSame = known?.rollout.rolloutId === split.rolloutId;
    if (isSame && known.split === split) return known.rollout;
    return isSame ? this.follow(known, split) : this.begin(model, split, split.canary);
  }

  /** Counts a run of a worker, for whomever it was. */
  addRun(version: ModelVersion, run: WorkerRun): void {
    const rollout = this.find(version.model);
    const side = rollout?.sideOf(version);
    if (side !== undefined) rollout?.evidence.addRun(side, run);
  }

  /** Counts a text that a user waited for in vain because a worker died or hung with it: an error of the version. */
  addLoss(version: ModelVersion): void {
    const rollout = this.find(version.model);
    const side = rollout?.sideOf(version);
    if (side !== undefined) rollout?.evidence.addOutcome(side, { said: null, latencyMs: null });
  }

  private begin(model: string, split: LiveSplit, canary: ModelVersion): ComparedRollout | undefined {
    const { rolloutId, shadow } = split;
    const book = this.book.open(model);
    const stable = this.registry.stable(model);
    if (book?.rolloutId !== rolloutId || stable === undefined) return undefined;
    const limits = { shadow, comparison: this.comparisonOf(stable) };
    const rollout = new ComparedRollout(rolloutId, book.evidence, { stable, canary }, limits);
    this.byModel.set(model, { split, rollout });
    return rollout;
  }

  /** Another step of the same rollout, another mode, or another section of the file. */
  private follow(known: Known, split: LiveSplit): ComparedRollout {
    known.split = split;
    known.rollout.limits = {
      shadow: split.shadow,
      comparison: this.comparisonOf(known.rollout.versions.stable),
    };
    return known.rollout;
  }

  private comparisonOf({ model }: ModelVersion): ComparisonConfig {
    return this.configuration.of(model)?.comparison ?? DEFAULT_COMPARISON;
  }
}
