import { Injectable } from '@nestjs/common';

/**
 * The phases follow one another: serving → leaving → draining. `leaving`: the process was asked to stop and is no
 * longer ready, but still answers every request until load balancers have noticed. `draining`: answers close their
 * connections, and no new request is expected.
 */
export type Phase = 'serving' | 'leaving' | 'draining';

/** The phase of the process. */
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
