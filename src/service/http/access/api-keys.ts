import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Client } from '../../../base/config/serin-config.js';
import { bearerToken } from './bearer.js';

/** The key of a request, from `x-api-key` or a Bearer token; undefined when it has none. */
export function keyFrom(headers: IncomingHttpHeaders): string | undefined {
  const own = headers['x-api-key'];
  return typeof own === 'string' && own !== '' ? own : bearerToken(headers.authorization);
}

/** The keys of the configured clients; only their digests are kept. */
export class ApiKeys {
  private readonly digests: readonly { readonly name: string; readonly digest: Buffer }[];

  constructor(clients: readonly Pick<Client, 'name' | 'sha256'>[]) {
    this.digests = clients.map(({ name, sha256 }) => ({ name, digest: Buffer.from(sha256, 'hex') }));
  }

  /**
   * The name of the client that has the key; undefined for an unknown key. The key is compared with every configured
   * key, each in constant time, so the duration does not reveal which key nearly matched.
   */
  nameOf(key: string): string | undefined {
    const digest = createHash('sha256').update(key).digest();
    let found: string | undefined;
    for (const entry of this.digests) if (timingSafeEqual(entry.digest, digest)) found = entry.name;
    return found;
  }
}
