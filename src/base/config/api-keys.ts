import { keyDigest, type Client, DEFAULT_WEIGHT, RIGHTS, twinProblem } from './clients.js';
import type { Reading, ValueType } from './value-types.js';

const ALLOWED =
  'comma-separated name:key or name:sha256:<64 hex digits>; a name is 1 to 64 of A-Z a-z 0-9 . _ -, a key printable ASCII without spaces and commas';

const ENTRY = /^([A-Za-z0-9._-]{1,64}):([!-+\--~]{1,512})$/;
const DIGEST = /^sha256:([0-9a-fA-F]{64})$/;

/** Keys are hashed at once, so that no configuration object, log or dump contains one in plain text. */
function readEntry(entry: string): Client | undefined {
  const [, name, key] = ENTRY.exec(entry) ?? [];
  if (name === undefined || key === undefined) return undefined;
  const client = { name, rights: RIGHTS, weight: DEFAULT_WEIGHT };
  const digest = DIGEST.exec(key)?.[1];
  if (digest !== undefined) return { ...client, sha256: digest.toLowerCase() };
  if (key.startsWith('sha256:')) return undefined;
  return { ...client, sha256: keyDigest(key) };
}

/** Problems name an entry by its position or name, never by its key. */
function readEntries(entries: readonly unknown[]): Reading<readonly Client[]> {
  // An empty list would open the service to all callers.
  if (entries.length === 0) return { problem: `the list is empty; allowed is ${ALLOWED}` };
  const clients: Client[] = [];
  for (const [index, entry] of entries.entries()) {
    const client = typeof entry === 'string' ? readEntry(entry.trim()) : undefined;
    if (!client) return { problem: `entry ${String(index + 1)} cannot be read; allowed is ${ALLOWED}` };
    const twin = twinProblem(clients, client);
    if (twin !== null) return { problem: twin };
    clients.push(client);
  }
  return { value: clients };
}

/** The short form of clients, which have all rights; in the file also as a list. */
export const apiKeyList: ValueType<readonly Client[]> = {
  allowed: ALLOWED,
  fromText: (text) => readEntries(text.split(',')),
  fromFile: (value) =>
    typeof value === 'string'
      ? readEntries(value.split(','))
      : Array.isArray(value)
        ? readEntries(value)
        : { problem: `allowed is a list, or text: ${ALLOWED}` },
};
