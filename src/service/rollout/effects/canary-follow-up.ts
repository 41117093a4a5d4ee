import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../../base/config/serin-config.js';
import type { Candidate } from '../../../rollout/candidate.js';
import type { RolloutInForce } from '../../../rollout/rollout-in-force.js';
import { PredictionCache } from '../../cache/prediction-cache.js';
import { CanaryService } from '../../canary/canary.service.js';
import { RolloutsInForce } from '../../in-force/rollouts-in-force.js';
import { VersionLoader } from '../../inference/version-loader.js';

/** How often a rollback checks whether the canary still has texts in flight. */
const DRAIN_CHECK_MS = 10;

const has = (candidates: readonly Candidate[], { digest }: Candidate): boolean =>
  candidates.some((candidate) => candidate.digest === digest);

/**
 * Acts on a move of a rollout: removes a rolled-back version's answers from the cache, and loads the versions with a
 * role.
 */
@Injectable()
export class CanaryFollowUp implements OnModuleInit {
  private readonly logger = new Logger('Rollout');

  constructor(
    private readonly inForce: RolloutsInForce,
    private readonly canary: CanaryService,
    private readonly cache: PredictionCache,
    private readonly loader: VersionLoader,
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
  ) {}

  onModuleInit(): void {
    this.inForce.subscribe((now, before) => {
      if (now.revision === before?.revision) return;
      for (const bad of now.rolledBack) {
        if (before !== undefined && has(before.rolledBack, bad)) continue;
        void this.purge(now, bad);
        void this.countDrain(now.model, bad);
      }
      void this.load(now);
    });
  }

  /**
   * Removes a rolled-back version's answers from the cache. They stay when the stable candidate has the same model,
   * because the cache keeps the model's answers, not the policy's.
   */
  private async purge({ model, stable }: RolloutInForce, { version }: Candidate): Promise<void> {
    if (stable.version.digest === version.digest) {
      this.logger.log(
        `${model}/${version.version} was rolled back: its answers stay in the cache, the stable candidate has the same model`,
      );
      return;
    }
    const { entries } = await this.cache.purge({ model, versionDigest: version.digest });
    this.logger.log(
      `${model}/${version.version} was rolled back: ${String(entries)} of its answers left the cache`,
    );
  }

  /**
   * Logs how long the canary's texts in flight take. The canary still answers them, and each ends at its deadline at
   * the latest.
   */
  private async countDrain(model: string, bad: Candidate): Promise<void> {
    const startedAt = performance.now();
    const passedMs = (): number => Math.round(performance.now() - startedAt);
    const first = this.canary.inFlight(model, bad);
    let left = first;
    while (left > 0 && passedMs() < this.config.requestTimeoutMs) {
      await delay(DRAIN_CHECK_MS);
      left = this.canary.inFlight(model, bad);
    }
    this.logger.log(
      `${model}/${bad.version.version} drained: ${String(first)} texts were in flight, ${String(left)} are after ${String(passedMs())} ms`,
    );
  }

  /**
   * Loads the versions of the rollout: a changed file, or another replica, may name a version that is not loaded here.
   */
  private async load({ model, stable, canary }: RolloutInForce): Promise<void> {
    for (const candidate of [stable, canary]) {
      if (candidate === null) continue;
      const { version } = candidate.version;
      try {
        await this.loader.ensureLoaded(model, version);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.error(`${model}/${version} is wanted by its rollout and cannot be loaded: ${reason}`);
      }
    }
  }
}
