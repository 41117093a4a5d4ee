import { Injectable } from '@nestjs/common';
import type { RolloutConfig } from '../../base/config/rollout-config.js';
import { AppError } from '../../base/errors/app-error.js';
import { readAcceptance, type Acceptance } from '../../registry/acceptance.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { RolloutDocument, VersionRef, VersionView } from '../../rollout/rollout-types.js';
import { sectionFingerprint } from '../../rollout/section-fingerprint.js';
import type { Beginning, FileWish } from '../../rollout/who-decides.js';

const MISSING: Acceptance = { accepted: false, reason: 'the registry has no such files', accuracy: null };

/** The registry as rollouts use it: they identify versions by digest, not only by name. */
@Injectable()
export class RolloutVersions {
  constructor(private readonly registry: ModelRegistryService) {}

  get defaultModel(): string {
    return this.registry.defaultModel;
  }

  /** The version with this name and digest; null when the registry has other files under this name, or none. */
  find(model: string, ref: VersionRef | null): ModelVersion | null {
    return ref === null ? null : (this.registry.versionOf(model, ref) ?? null);
  }

  isReady(version: ModelVersion): boolean {
    return this.registry.isReady(version);
  }

  /** The state of a version in the registry; `missing` when there is no version of this name. */
  stateOf(model: string, name: string): string {
    return this.known(model, name)?.state ?? 'missing';
  }

  /** Whether a version is accepted; false for a version that the registry does not have. */
  isAccepted(model: string, ref: VersionRef | null): boolean {
    const version = this.find(model, ref);
    return version !== null && readAcceptance(version).accepted;
  }

  /** The rollout to start; at 0 % in manual mode when its canary is not accepted. */
  allowed(model: string, wish: Beginning): Beginning {
    const isAllowed = wish.canary === null || this.isAccepted(model, wish.canary);
    return isAllowed ? wish : { ...wish, percent: 0, mode: 'manual' };
  }

  view(model: string, ref: VersionRef | null): VersionView | null {
    if (ref === null) return null;
    const version = this.find(model, ref);
    const state = version === null ? 'missing' : (this.known(model, ref.version)?.state ?? 'missing');
    const { accepted, reason } = version === null ? MISSING : readAcceptance(version);
    return { ...ref, state, accepted, acceptance_reason: reason };
  }

  /**
   * The configuration section with the digests of its versions; the digest is empty for a version without a readable
   * manifest.
   */
  wishOf(model: string, config: RolloutConfig): Omit<FileWish, 'isWhole'> {
    const ref = (name: string): VersionRef => ({
      version: name,
      digest: this.known(model, name)?.version?.digest ?? '',
    });
    const stable = ref(config.stable);
    const canary = config.canary === null ? null : ref(config.canary);
    const steps = config.steps.map(({ percent, holdMs }) => ({ percent, hold_ms: holdMs }));
    return {
      stable,
      canary,
      percent: config.percent,
      mode: config.mode,
      steps,
      fingerprint: sectionFingerprint({
        config,
        stableDigest: stable.digest,
        canaryDigest: canary?.digest ?? null,
      }),
    };
  }

  /**
   * Checks a version that shall get traffic.
   * @param force accepts a version that is not accepted
   * @throws AppError VERSION_NOT_FOUND, VERSION_NOT_READY or VERSION_REFUSED
   */
  candidate(
    model: string,
    name: string,
    force: boolean,
  ): { readonly ref: VersionRef; readonly forced: boolean } {
    const { version, state, reason } = this.registry.status(model, name);
    if (version === null || state !== 'ready') {
      const why = reason === null ? '' : ` (${reason})`;
      const sentence = `The version ${name} of ${model} is ${state}${why}, not ready; load it first (POST /admin/models/${model}/versions/${name}/load).`;
      throw new AppError('VERSION_NOT_READY', sentence);
    }
    const { accepted, reason: verdict } = readAcceptance(version);
    if (!accepted && !force) {
      const sentence = `The version ${name} of ${model} is not accepted: ${verdict}, or send "force": true.`;
      throw new AppError('VERSION_REFUSED', sentence);
    }
    return { ref: { version: name, digest: version.digest }, forced: !accepted };
  }

  /**
   * The labels that a rollout's evidence counts by index: the stable version's labels, then the canary's additional
   * ones.
   */
  labels({ model, phase, stable, canary, last_good: lastGood }: RolloutDocument): string[] {
    const refs = phase === 'promoted' ? [lastGood, stable] : [stable, canary];
    return [...new Set(refs.flatMap((ref) => this.find(model, ref)?.manifest.labels ?? []))];
  }

  /** @throws AppError MODEL_NOT_FOUND */
  checkModel(model: string): void {
    this.registry.describe(model);
  }

  private known(model: string, name: string): ReturnType<ModelRegistryService['status']> | undefined {
    if (!this.registry.models().includes(model)) return undefined;
    return this.registry.describe(model).find((status) => status.name === name);
  }
}
