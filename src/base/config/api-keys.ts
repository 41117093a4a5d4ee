import { createHash } from 'node:crypto';
import type { ApiKey } from './serin-config.js';
import type { Reading, ValueType } from './value-types.js';

const ALLOWED =
  'comma-separated name:key or name:sha256:<64 hex digits>; a name is 1 to 64 of A-Z a-z 0-9 . _ -, a key printable ASCII without spaces and commas';

const ENTRY = /^([A-Za-z0-9._-]{1,64}):([!-+\--~]{1,512})$/;
const DIGEST = /^sha256:([0-9a-fA-F]{64})$/;

/** Keys are hashed at once, so that no configuration object, log or dump contains one in plain text. */
function readEntry(entry: string): ApiKey | undefined {
  const [, name, key] = ENTRY.exec(entry) ?? [];
  if (name === undefined || key === undefined) return undefined;
  const digest = DIGEST.exec(key)?.[1];
  if (digest !== undefined) return { name, sha256: digest.toLowerCase() };
  if (key.startsWith('sha256:')) return undefined;
  return { name, sha256: createHash('sha256').update(key).digest('hex') };
}

/** Problems name an entry by its position or name, never by its key. */
function readEntries(entries: readonly unknown[]): Reading<readonly ApiKey[]> {
  const keys: ApiKey[] = [];
  for (const [index, entry] of entries.entries()) {
    const key = typeof entry === 'string' ? readEntry(entry.trim()) : undefined;
    if (!key) return { problem: `entry ${String(index + 1)} cannot be read; allowed is ${ALLOWED}` };
    const twin = keys.find(({ name, sha256 }) => name === key.name || sha256 === key.sha256);
    if (twin?.name === key.name) return { problem: `two entries have the name "${key.name}"` };
    if (twin)
      return { problem: `"${twin.name}" and "${key.name}" have the same key: nobody could tell who asked` };
    keys.push(key);
  }
  return { value: keys };
}

/** API keys; in the file also as a list. */
export const apiKeyList: ValueType<readonly ApiKey[]> = {
  allowed: ALLOWED,
  fromText: (text) => readEntries(text.split(',')),
  fromFile: (value) =>
    typeof value === 'string'
      ? readEntries(value.split(','))
      : Array.isArray(value)
        ? readEntries(value)
        : { problem: `allowed is a list, or text: ${ALLOWED}` },
};
