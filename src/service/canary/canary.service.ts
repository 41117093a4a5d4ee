import { Injectable } from '@nestjs/common';
import type { ModelVersion } from '../../registry/model-version.js';
import type { Candidate } from '../../rollout/candidate.js';
import type { PickRole } from '../../rollout/rollout-types.js';
import { isInCanary } from '../../rollout/split.js';
import { RolloutsInForce } from '../in-force/rollouts-in-force.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';

/** The version that was picked for a text, and the reason. */
export interface PickedVersion {
  readonly version: ModelVersion;
  /** The candidate that was picked; null when the request named the version, and for a model without a rollout. */
  readonly candidate: Candidate | null;
  readonly role: PickRole;
  /** The canary's share at the moment of the pick, in percent; 0 without a rollout. */
  readonly percent: number;
  /** Null without a rollout: there are no versions to compare. */
  readonly rolloutId: string | null;
}

/** Picks the version that answers a text, by the rollout in force. */
@Injectable()
export class CanaryService {
  /** Number of texts in flight that were picked for a canary, by model, then by the candidate's digest. */
  private readonly inFlightByModel = new Map<string, Map<string, number>>();

  constructor(
    private readonly registry: ModelRegistryService,
    private readonly inForce: RolloutsInForce,
  ) {}

  /**
   * Picks the version for one text: the version that the request names; else the canary, when the key falls into its
   * share and it is ready; else the stable version. Synchronous; without a canary it costs one look-up.
   * @param model undefined for the default model
   * @param key identifies the user of the request, or is the text itself
   * @throws AppError MODEL_NOT_FOUND, VERSION_NOT_FOUND, VERSION_NOT_READY, or NOT_READY when no version can answer
   */
  choose(model: string | undefined, key: string, version?: string): PickedVersion {
    const name = model ?? this.registry.defaultModel;
    const now = this.inForce.of(name);
    const percent = now?.percent ?? 0;
    const rolloutId = now !== undefined && (percent > 0 || now.shadow) ? now.rolloutId : null;
    if (version !== undefined) {
      const pinned = this.registry.resolve(name, version);
      return { version: pinned, candidate: null, role: 'pinned', percent, rolloutId };
    }
    const candidate = percent > 0 ? now?.canary : null;
    if (candidate) {
      const canary = this.registry.versionOf(name, candidate.version);
      if (canary && this.registry.isReady(canary) && isInCanary(key, percent, candidate.digest)) {
        return { version: canary, candidate, role: 'canary', percent, rolloutId };
      }
    }
    const stable = this.registry.resolve(name);
    return { version: stable, candidate: now?.answering ?? null, role: 'stable', percent, rolloutId };
  }

  /** Counts a text that was picked for the canary as in flight; the caller must call {@link ended} for it later. */
  began({ role, version, candidate }: PickedVersion): void {
    if (role === 'canary' && candidate !== null) this.count(version.model, candidate, 1);
  }

  ended({ role, version, candidate }: PickedVersion): void {
    if (role === 'canary' && candidate !== null) this.count(version.model, candidate, -1);
  }

  /** Number of texts in flight that were picked for this candidate as canary. */
  inFlight(model: string, { digest }: Candidate): number {
    return this.inFlightByModel.get(model)?.get(digest) ?? 0;
  }

  private count(model: string, { digest }: Candidate, change: number): void {
    let counts = this.inFlightByModel.get(model);
    if (counts === undefined) {
      counts = new Map();
      this.inFlightByModel.set(model, counts);
    }
    const texts = (counts.get(digest) ?? 0) + change;
    if (texts > 0) counts.set(digest, texts);
    else counts.delete(digest);
  }
}
