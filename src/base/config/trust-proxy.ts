import { isIP } from 'node:net';
import type { Reading, ValueType } from './value-types.js';

const ALLOWED =
  'a number of proxies from 1 to 32, or comma-separated addresses, networks (10.0.0.0/8) or loopback, linklocal, uniquelocal';

const NAMED = new Set(['loopback', 'linklocal', 'uniquelocal']);

function isNetwork(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function read(value: unknown): Reading<number | string> {
  const hops = typeof value === 'string' && /^\d{1,2}$/.test(value) ? Number(value) : value;
  if (typeof hops === 'number' && Number.isInteger(hops) && hops >= 1 && hops <= 32) return { value: hops };
  if (typeof value !== 'string') return { problem: `allowed is ${ALLOWED}` };
  const entries = value.split(',').map((entry) => entry.trim());
  return entries.every((entry) => NAMED.has(entry) || isNetwork(entry))
    ? { value: entries.join(',') }
    : { problem: `allowed is ${ALLOWED}` };
}

/**
 * Express' `trust proxy` without its `true`: if every hop is trusted, each client can choose the address by which its
 * rate is counted.
 */
export const trustedProxies: ValueType<number | string> = {
  allowed: ALLOWED,
  fromText: read,
  fromFile: read,
};
