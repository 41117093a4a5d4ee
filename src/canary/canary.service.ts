import { Inject, Injectable } from '@nestjs/common';
import { type RolloutConfig, SERIN_CONFIG, type SerinConfig } from '../config/serin-config.js';
import type { ModelVersion } from '../model-registry/model-version.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { isInCanary } from './split.js';

/** Decides which version answers whom. */
@Injectable()
export class CanaryService {
  private readonly rollout: Readonly<Record<string, RolloutConfig>>;

  constructor(
    private readonly registry: ModelRegistryService,
    @Inject(SERIN_CONFIG) config: SerinConfig,
  ) {
    this.rollout = config.rollout;
  }

  /**
   * The version for one text: the canary for its share of the keys while it is ready, else the stable one.
   * Synchronous, and without a canary no more than a look-up.
   * @param model undefined for the default model.
   * @param key who the request is for, or the text itself.
   * @throws AppError MODEL_NOT_FOUND, VERSION_NOT_READY or NOT_READY when no version can answer.
   */
  pick(model: string | undefined, key: string): ModelVersion {
    const name = model ?? this.registry.defaultModel;
    const percent = Object.hasOwn(this.rollout, name) ? (this.rollout[name]?.percent ?? 0) : 0;
    if (percent > 0) {
      const canary = this.registry.canary(name);
      if (canary !== undefined && this.registry.isReady(canary) && isInCanary(key, percent, canary.digest)) {
        return canary;
      }
    }
    return this.registry.resolve(name);
  }
}
