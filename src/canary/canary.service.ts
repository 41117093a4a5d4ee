import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../config/serin-config.js';
import type { ModelVersion } from '../model-registry/model-version.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { isInCanary } from './split.js';

/** Decides which version answers whom. */
@Injectable()
export class CanaryService {
  constructor(
    private readonly registry: ModelRegistryService,
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
  ) {}

  /**
   * The version for one text: the canary for its share of the keys while it is ready, else the stable one.
   * Synchronous, and without a canary no more than a look-up.
   * @param model undefined for the default model.
   * @param key who the request is for, or the text itself.
   * @throws AppError MODEL_NOT_FOUND, VERSION_NOT_READY or NOT_READY when no version can answer.
   */
  pick(model: string | undefined, key: string): ModelVersion {
    const name = model ?? this.registry.defaultModel;
    const { rollout, canaryPercent, defaultModel } = this.config;
    const configured = Object.hasOwn(rollout, name) ? (rollout[name]?.percent ?? 0) : 0;
    const percent = name === defaultModel ? (canaryPercent ?? configured) : configured;
    if (percent > 0) {
      const canary = this.registry.canary(name);
      if (canary !== undefined && this.registry.isReady(canary) && isInCanary(key, percent, canary.digest)) {
        return canary;
      }
    }
    return this.registry.resolve(name);
  }
}
