import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../../base/config/serin-config.js';
import { Metrics } from '../../observability/metrics.js';

const WARNING =
  'a request came with x-forwarded-for or forwarded, and TRUST_PROXY is unset: all callers behind a proxy count as one ' +
  'client here. Set TRUST_PROXY to the address of the proxy, or give its callers keys; without a proxy, ignore this.';

/**
 * Notices a proxy whose callers cannot be told apart: it forwards their addresses, but is not trusted, and they have no
 * keys. It is said once in the log; a metric keeps it for `serin doctor` and for alerts.
 */
@Injectable()
export class UntrustedProxy {
  private readonly logger = new Logger('Http');
  private isLooking: boolean;

  constructor(
    @Inject(SERIN_CONFIG) { clients }: Pick<SerinConfig, 'clients'>,
    private readonly metrics: Metrics,
  ) {
    this.isLooking = clients.length === 0;
  }

  /**
   * Looks at the first request of a connection, for a proxy sends the header with every request. Not to be called when
   * TRUST_PROXY is set.
   */
  look({ headers }: Pick<IncomingMessage, 'headers'>): void {
    if (!this.isLooking) return;
    if (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined) return;
    this.isLooking = false;
    this.metrics.untrustedProxySeen();
    this.logger.warn(WARNING);
  }
}
