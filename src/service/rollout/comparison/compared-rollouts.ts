import { Injectable } from '@nestjs/common';
import type { ModelVersion } from '../../../registry/model-version.js';
import type { WorkerRun } from '../../../rollout/evidence/record.js';
import type { RolloutInForce } from '../../../rollout/rollout-in-force.js';
import { RolloutsInForce } from '../../in-force/rollouts-in-force.js';
import { ModelRegistryService } from '../../model-registry/model-registry.service.js';
import { EvidenceBook } from '../evidence/evidence-book.js';
import { RolloutConfiguration } from '../rollout-configuration.js';
import { ComparedRollout } from './compared-rollout.js';

interface Known {
  inForce: RolloutInForce;
  readonly rollout: ComparedRollout;
}

/** The rollouts that are compared now: at most one per model. */
@Injectable()
export class ComparedRollouts {
  private readonly byModel = new Map<string, Known>();

  constructor(
    private readonly inForce: RolloutsInForce,
    private readonly book: EvidenceBook,
    private readonly registry: ModelRegistryService,
    private readonly configuration: RolloutConfiguration,
  ) {}

  /** The compared rollout of a model; undefined when its canary gets no traffic and is not in shadow mode. */
  find(model: string): ComparedRollout | undefined {
    const now = this.inForce.of(model);
    if (now?.canary == null || (now.percent <= 0 && !now.shadow)) return undefined;
    const known = this.byModel.get(model);
    if (known?.inForce === now) return known.rollout;
    return known?.rollout.rolloutId === now.rolloutId ? follow(known, now) : this.begin(now);
  }

  /** Counts a run of a worker, whether for users' texts or for background texts. */
  addRun(version: ModelVersion, run: WorkerRun): void {
    const rollout = this.find(version.model);
    if (rollout === undefined) return;
    for (const side of rollout.sidesOf(version)) rollout.evidence.addRun(side, run);
  }

  /** Counts an error of the version for a text whose worker died or hung and whose user got no answer. */
  addLoss(version: ModelVersion): void {
    const rollout = this.find(version.model);
    if (rollout === undefined) return;
    for (const side of rollout.sidesOf(version)) {
      rollout.evidence.addOutcome(side, { said: null, latencyMs: null });
    }
  }

  private begin(now: RolloutInForce): ComparedRollout | undefined {
    const { model, rolloutId, shadow, comparison } = now;
    const book = this.book.open(model);
    const stable = this.registry.stable(model);
    const canary = now.canary === null ? undefined : this.registry.versionOf(model, now.canary.version);
    if (book?.rolloutId !== rolloutId || stable === undefined || canary === undefined) return undefined;
    const limits = { shadow, comparison };
    // A change of the gates in the file begins another rollout.
    const { minimumSamples } = this.configuration.gatesOf(model);
    const rollout = new ComparedRollout(rolloutId, book.evidence, { stable, canary }, limits, minimumSamples);
    this.byModel.set(model, { inForce: now, rollout });
    return rollout;
  }
}

/** Takes over changes of the same rollout: another step, another mode, or another configuration section. */
function follow(known: Known, now: RolloutInForce): ComparedRollout {
  known.inForce = now;
  known.rollout.limits = { shadow: now.shadow, comparison: now.comparison };
  return known.rollout;
}
