import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { PredictionCache } from '../cache/prediction-cache.js';
import { RolloutEffects } from '../canary/rollout-effects.js';
import type { RolloutDocument, VersionRef } from '../canary/rollout-types.js';
import { VersionLoader } from '../inference/version-loader.js';

/** What a move of a rollout means for the rest: answers of a bad version go, and versions with a role are loaded. */
@Injectable()
export class CanaryFollowUp implements OnModuleInit {
  private readonly logger = new Logger('Rollout');

  constructor(
    private readonly effects: RolloutEffects,
    private readonly cache: PredictionCache,
    private readonly loader: VersionLoader,
  ) {}

  onModuleInit(): void {
    this.effects.onMove((document, { move }) => {
      const { model, canary, stable } = document;
      if (move === 'roll_back' && canary !== null) void this.purge(model, canary);
      if (move === 'start') void this.load(document, [stable, canary]);
    });
  }

  private async purge(model: string, { version, digest }: VersionRef): Promise<void> {
    const { entries } = await this.cache.purge({ model, versionDigest: digest });
    this.logger.log(`${model}/${version} was rolled back: ${String(entries)} of its answers left the cache`);
  }

  /** A file that was changed while serving may name a version that is not loaded. */
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
