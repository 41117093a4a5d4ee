import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ApiKey } from '../../../base/config/serin-config.js';
import { bearerToken } from './bearer.js';

/** The key that a request brought, in `x-api-key` or as a Bearer token; undefined when it brought none. */
export function keyFrom(headers: IncomingHttpHeaders): string | undefined {
  const own = headers['x-api-key'];
  return typeof own === 'string' && own !== '' ? own : bearerToken(headers.authorization);
}

/** The configured API keys, known by their digests alone. */
export class ApiKeys {
  private readonly digests: readonly { readonly name: string; readonly digest: Buffer }[];

  constructor(keys: readonly ApiKey[]) {
    this.digests = keys.map(({ name, sha256 }) => ({ name, digest: Buffer.from(sha256, 'hex') }));
  }

  /**
   * The name of the key, or undefined when it is none of ours. Every key is compared, each in constant time:
   * how long it takes says nothing about which one nearly matched.
   */
  nameOf(key: string): string | undefined {
    const digest = createHash('sha256').update(key).digest();
    let found: string | undefined;
    for (const entry of this.digests) if (timingSafeEqual(entry.digest, digest)) found = entry.name;
    return found;
  }
}
