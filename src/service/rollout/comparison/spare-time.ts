import { Injectable } from '@nestjs/common';
import { InferencePoolStatus } from '../../inference/pool-status.js';
import { Lifecycle } from '../../request/lifecycle.js';

export type NoSpareTime = 'shutting_down' | 'pool_not_whole' | 'busy';

/** Checks whether the workers have time for background texts. */
@Injectable()
export class SpareTime {
  constructor(
    private readonly pool: InferencePoolStatus,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** Why the workers have no spare time; null when they have some. */
  problem(): NoSpareTime | null {
    const { state, workersReady, workersWanted, queuedTexts } = this.pool.status();
    if (this.lifecycle.phase !== 'serving' || state === 'closing') return 'shutting_down';
    if (workersReady < workersWanted) return 'pool_not_whole';
    return queuedTexts > 0 ? 'busy' : null;
  }
}
