import type { SerinConfig } from '../../base/config/serin-config.js';
import { note, ok, warn, type Finding } from './finding.js';
import { askLocally } from './port-findings.js';

type Settings = Pick<SerinConfig, 'trustProxy' | 'clients' | 'rateLimitPerS'>;

/**
 * Whether callers behind a proxy can be told apart.
 * @param isSeen a service that runs here has had requests through a proxy that it does not trust, from callers without
 *   keys
 */
export function judgeProxy({ trustProxy, clients, rateLimitPerS }: Settings, isSeen: boolean): Finding {
  const isMended = trustProxy !== null || clients.length > 0;
  if (isSeen) {
    const found =
      'requests came to the service that runs here with x-forwarded-for or forwarded, and it has neither TRUST_PROXY nor clients: all callers behind a proxy are one client';
    const todo = isMended
      ? 'restart it with the configuration that was looked at here, which tells them apart'
      : 'set TRUST_PROXY to the address of the proxy, or list clients; without a proxy, ignore this';
    return warn('proxy', found, todo);
  }
  if (trustProxy !== null) return ok('proxy', `TRUST_PROXY is ${trustProxy}: it tells callers apart`);
  if (clients.length > 0) return ok('proxy', 'TRUST_PROXY is unset: callers are told apart by their keys');
  const found = 'TRUST_PROXY is unset: callers are told apart by the addresses of their connections';
  if (rateLimitPerS === null) return ok('proxy', found);
  const todo = 'set TRUST_PROXY if a proxy stands before the service: all its callers would share one rate';
  return note('proxy', found, todo);
}

/** Also asks the metrics of a service that runs at the configured address, if one does. */
export async function checkProxy(config: Settings & Pick<SerinConfig, 'host' | 'port'>): Promise<Finding> {
  const metrics = await askLocally(config, '/metrics').then(
    (response) => response.text(),
    () => '',
  );
  return judgeProxy(config, /^serin_untrusted_proxy 1$/m.test(metrics));
}
