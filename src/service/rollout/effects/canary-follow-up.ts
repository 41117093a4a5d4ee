import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { PredictionCache } from '../../cache/prediction-cache.js';
import { RolloutEffects } from './rollout-effects.js';
import type { RolloutDocument, VersionRef } from '../../../rollout/rollout-types.js';
import { SERIN_CONFIG, type SerinConfig } from '../../../base/config/serin-config.js';
import { VersionLoader } from '../../inference/version-loader.js';

/** How often a rollback looks whether the last text of the canary is answered. */
const DRAIN_CHECK_MS = 10;

/** What a move of a rollout means for the rest: answers of a bad version go, and versions with a role are loaded. */
@Injectable()
export class CanaryFollowUp implements OnModuleInit {
  private readonly logger = new Logger('Rollout');

  constructor(
    private readonly effects: RolloutEffects,
    private readonly cache: PredictionCache,
    private readonly loader: VersionLoader,
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
  ) {}

  onModuleInit(): void {
    this.effects.onMove((document, { move }) => {
      const { model, canary, stable } = document;
      if (move === 'roll_back' && canary !== null) {
        void this.purge(model, canary);
        void this.countDrain(document, canary);
      }
      void this.load(document, [stable, canary]);
    });
  }

  private async purge(model: string, { version, digest }: VersionRef): Promise<void> {
    const { entries } = await this.cache.purge({ model, versionDigest: digest });
    this.logger.log(`${model}/${version} was rolled back: ${String(entries)} of its answers left the cache`);
  }

  /** What was in flight is answered by the canary; no request lives longer than its deadline. */
  private async countDrain(document: RolloutDocument, { version }: VersionRef): Promise<void> {
    const startedAt = performance.now();
    const passedMs = (): number => Math.round(performance.now() - startedAt);
    const first = this.effects.inFlight(document);
    let left = first;
    while (left > 0 && passedMs() < this.config.requestTimeoutMs) {
      await delay(DRAIN_CHECK_MS);
      left = this.effects.inFlight(document);
    }
    this.logger.log(
      `${document.model}/${version} drained: ${String(first)} texts were in flight, ${String(left)} are after ${String(passedMs())} ms`,
    );
  }

  /** A file that was changed while serving, or another replica, may name a version that is not loaded here. */
  private async load({ model }: RolloutDocument, versions: readonly (VersionRef | null)[]): Promise<void> {
    for (const ref of versions) {
      if (ref === null) continue;
      try {
        await this.loader.ensureLoaded(model, ref.version);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.error(`${model}/${ref.version} is wanted by its rollout and cannot be loaded: ${reason}`);
      }
    }
  }
}
