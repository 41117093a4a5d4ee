import { Injectable } from '@nestjs/common';
import { InferencePoolStatus } from '../../inference/pool-status.js';
import { Lifecycle } from '../../request/lifecycle.js';

export type NoSpareTime = 'shutting_down' | 'pool_not_whole' | 'busy';

/** Whether the workers have time for anything but users. */
@Injectable()
export class SpareTime {
  constructor(
    private readonly pool: InferencePoolStatus,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** Why they have none; null when they have some. */
  problem(): NoSpareTime | null {
    const { state, workersReady, workersWanted, queuedTexts } = this.pool.status();
    if (this.lifecycle.phase !== 'serving' || state === 'closing') return 'shutting_down';
    if (workersReady < workersWanted) return 'pool_not_whole';
    return queuedTexts > 0 ? 'busy' : null;
  }
}
