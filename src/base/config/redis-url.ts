import type { Reading, ValueType } from './value-types.js';

const ALLOWED =
  'redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; what is special in a URL is percent-encoded';

const isDecodable = (part: string): boolean => {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
};

/** The message never quotes the URL, because it may contain a password. */
function read(value: unknown): Reading<string> {
  const wrong = { problem: `allowed is ${ALLOWED}` };
  if (typeof value !== 'string' || /\s/.test(value) || !URL.canParse(value)) return wrong;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(value);
  if (protocol !== 'redis:' && protocol !== 'rediss:') return wrong;
  if (hostname === '' || search !== '' || hash !== '' || !/^(\/|\/\d{1,4})?$/.test(pathname)) return wrong;
  return isDecodable(username) && isDecodable(password) ? { value } : wrong;
}

/** The address of a Redis server, with its login. */
export const redisUrl: ValueType<string> = { allowed: ALLOWED, fromText: read, fromFile: read };
