import { Injectable } from '@nestjs/common';

/**
 * serving → leaving → draining, one way. `leaving`: asked to stop, not ready any more, everything is still
 * served while load balancers notice. `draining`: answers close their connections and nothing new is expected.
 */
export type Phase = 'serving' | 'leaving' | 'draining';

/** Where the process stands between its start and its end. */
@Injectable()
export class Lifecycle {
  private current: Phase = 'serving';

  get phase(): Phase {
    return this.current;
  }

  leave(): void {
    if (this.current === 'serving') this.current = 'leaving';
  }

  drain(): void {
    this.current = 'draining';
  }
}
