import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../config/serin-config.js';
import { Executor } from '../inference/executor.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';

/** How the last replay went. */
export interface ReplayResult {
  readonly status: 'up' | 'down' | 'unknown';
  readonly texts: number;
  readonly maxScoreDifference: number | null;
  readonly reason: string | null;
  /** ISO 8601. */
  readonly checkedAt: string | null;
}

const UNKNOWN: ReplayResult = {
  status: 'unknown',
  texts: 0,
  maxScoreDifference: null,
  reason: null,
  checkedAt: null,
};

@Injectable()
export class GoldenReplay {
  constructor(
    readonly registry: ModelRegistryService,
    readonly executor: Executor,
    @Inject(SERIN_CONFIG) readonly config: SerinConfig,
  ) {}

  async result(): Promise<ReplayResult> {
    return Promise.resolve(UNKNOWN);
  }
}
