import { Injectable } from '@nestjs/common';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { PickRole } from '../../rollout/rollout-types.js';
import { isInCanary } from '../../rollout/split.js';

/** How the traffic of one model is split now. */
export interface LiveSplit {
  readonly rolloutId: string;
  /** Null when there is none, or when its files are not those of the rollout. */
  readonly canary: ModelVersion | null;
  /** Effective share of the canary, 0 to 100. */
  readonly percent: number;
  /** True when users get the stable version and the canary is to be compared with it. */
  readonly shadow: boolean;
}

/** A version that was picked for a text, and why. */
export interface PickedVersion {
  readonly version: ModelVersion;
  readonly role: PickRole;
  /** The canary's share under which it was picked; 0 without a rollout. */
  readonly percent: number;
  /** Null without a rollout: there is nothing to compare. */
  readonly rolloutId: string | null;
}

/** Decides which version answers whom. What the split is, RolloutService tells it. */
@Injectable()
export class CanaryService {
  private readonly splits = new Map<string, LiveSplit>();
  /** Texts being answered, by the key of the version that was picked as canary. */
  private readonly inFlightByKey = new Map<string, number>();

  constructor(private readonly registry: ModelRegistryService) {}

  /**
   * The version for one text: the one that the request names, else the canary for its share of the keys while it is
   * ready, else the stable one. Synchronous, and without a canary no more than a look-up.
   * @param model undefined for the default model.
   * @param key who the request is for, or the text itself.
   * @throws AppError MODEL_NOT_FOUND, VERSION_NOT_FOUND, VERSION_NOT_READY, or NOT_READY when no version can answer.
   */
  choose(model: string | undefined, key: string, version?: string): PickedVersion {
    const name = model ?? this.registry.defaultModel;
    const split = this.splits.get(name);
    const percent = split?.percent ?? 0;
    const rolloutId = split !== undefined && (percent > 0 || split.shadow) ? split.rolloutId : null;
    if (version !== undefined) {
      return { version: this.registry.resolve(name, version), role: 'pinned', percent, rolloutId };
    }
    const canary = percent > 0 ? split?.canary : null;
    if (canary && this.registry.isReady(canary) && isInCanary(key, percent, canary.digest)) {
      return { version: canary, role: 'canary', percent, rolloutId };
    }
    return { version: this.registry.resolve(name), role: 'stable', percent, rolloutId };
  }

  /** {@link choose} without the reasons. */
  pick(model: string | undefined, key: string): ModelVersion {
    return this.choose(model, key).version;
  }

  /** The split in force; undefined for a model without a rollout. */
  split(model: string): LiveSplit | undefined {
    return this.splits.get(model);
  }

  /** In force for the very next pick. */
  setSplit(model: string, split: LiveSplit): void {
    this.splits.set(model, split);
  }

  /** A text that was picked for the canary is being answered; to be followed by {@link ended}. */
  began({ role, version }: PickedVersion): void {
    if (role !== 'canary') return;
    this.inFlightByKey.set(version.key, this.inFlight(version) + 1);
  }

  ended({ role, version }: PickedVersion): void {
    if (role !== 'canary') return;
    const left = this.inFlight(version) - 1;
    if (left > 0) this.inFlightByKey.set(version.key, left);
    else this.inFlightByKey.delete(version.key);
  }

  /** Texts that this version, picked as canary, is answering now. */
  inFlight({ key }: ModelVersion): number {
    return this.inFlightByKey.get(key) ?? 0;
  }
}
