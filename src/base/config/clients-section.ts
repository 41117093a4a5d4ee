import {
  type Client,
  CLIENT_NAME,
  DEFAULT_WEIGHT,
  keyDigest,
  type Right,
  RIGHTS,
  twinProblem,
} from './clients.js';
import type { ConfigFile } from './config-file.js';
import type { ConfigProblem } from './config-error.js';
import { reportTo } from './read-settings.js';
import { didYouMean } from './suggest.js';
import { decimal, oneOf, text, type ValueType } from './value-types.js';

const KEYS = ['name', 'key', 'sha256', 'rights', 'weight'];
const EXAMPLE = '{ name: shop, sha256: <64 hex digits>, rights: [feedback], weight: 2 }';

/** A key is compared with all keys, which takes about 0.1 µs each. */
const MAX_CLIENTS = 1_000;

const name = text('1 to 64 of A-Z a-z 0-9 . _ - (quote a number: "1")', CLIENT_NAME);
const key = text(
  '1 to 512 printable ASCII characters without spaces (quote a number: "1")',
  /^[!-~]{1,512}$/,
);
const digest = text('the sha256 of the key in 64 hex digits', /^[0-9a-fA-F]{64}$/);
const right = oneOf(...RIGHTS);
const weight = decimal(0.1, 100);

/**
 * Reads one client. Its problems show no value that may be a key, or a part of one: a client may be written in a way
 * that makes its key a name, or the name of a field (`{ name: shop, key:secret }` in YAML).
 */
class ClientReader {
  constructor(
    private readonly entry: ReadonlyMap<unknown, unknown>,
    private readonly problem: (field: string | null, value: unknown, message: string) => void,
  ) {}

  /** Undefined when the client has an error. */
  read(): Client | undefined {
    this.refuseOthers();
    const found = { name: this.required('name', name), sha256: this.digest() };
    const rights = this.rights();
    const share = this.optional('weight', weight);
    if (found.name === undefined || found.sha256 === undefined || rights === undefined) return undefined;
    return { name: found.name, sha256: found.sha256, rights, weight: share ?? DEFAULT_WEIGHT };
  }

  private refuseOthers(): void {
    for (const field of this.entry.keys()) {
      if (KEYS.includes(String(field))) continue;
      const hint = didYouMean(String(field), KEYS);
      const message = `has an unknown key.${hint} Allowed are ${KEYS.join(', ')}, each with a space after its colon`;
      this.problem(null, undefined, message);
    }
  }

  private has(field: string): boolean {
    return (this.entry.get(field) ?? null) !== null;
  }

  private required(field: string, type: ValueType<string>): string | undefined {
    if (!this.has(field)) {
      this.problem(field, undefined, `is missing: allowed is ${type.allowed}`);
      return undefined;
    }
    const reading = type.fromFile(this.entry.get(field));
    if ('value' in reading) return reading.value;
    this.problem(field, undefined, reading.problem);
    return undefined;
  }

  private digest(): string | undefined {
    if (this.has('key') && this.has('sha256')) {
      this.problem('sha256', undefined, 'is given beside key: allowed is one of them');
      return undefined;
    }
    if (this.has('sha256')) return this.required('sha256', digest)?.toLowerCase();
    if (!this.has('key')) {
      this.problem('key', undefined, 'is missing: give the key, or its sha256');
      return undefined;
    }
    const plain = this.required('key', key);
    if (plain?.startsWith('sha256:')) {
      this.problem('key', undefined, 'is a digest: write it as sha256, without "sha256:" before it');
      return undefined;
    }
    return plain === undefined ? undefined : keyDigest(plain);
  }

  /** All rights unless it names some. An empty value is an error, because it may have been meant as none. */
  private rights(): readonly Right[] | undefined {
    if (!this.entry.has('rights')) return RIGHTS;
    const value = this.entry.get('rights') ?? undefined;
    if (!Array.isArray(value)) {
      const message = `allowed is a list of ${RIGHTS.join(', ')}; [] for none, and without this key all`;
      this.problem('rights', value, value === undefined ? `is empty: ${message}` : message);
      return undefined;
    }
    const wrong = value.filter((item: unknown) => !('value' in right.fromFile(item)));
    for (const item of wrong) this.problem('rights', item, `allowed is ${right.allowed}`);
    return wrong.length > 0 ? undefined : RIGHTS.filter((known) => value.includes(known));
  }

  private optional(field: string, type: ValueType<number>): number | undefined {
    if (!this.has(field)) return undefined;
    const value = this.entry.get(field);
    const reading = type.fromFile(value);
    if ('value' in reading) return reading.value;
    this.problem(field, value, reading.problem);
    return undefined;
  }
}

/**
 * Reads `clients`; none when the file has no such key. Errors are added to `problems`. A key without clients is an
 * error too: it would open the service to all callers.
 */
export function readClients(file: ConfigFile, problems: ConfigProblem[]): readonly Client[] {
  if (!file.entries.has('clients')) return [];
  const report = reportTo(file, problems);
  const list = file.entries.get('clients');
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_CLIENTS) {
    const allowed = `allowed is a list of 1 to ${String(MAX_CLIENTS)} clients such as ${EXAMPLE}`;
    report('clients', undefined, `${allowed}; leave the key out to open the service to all callers`);
    return [];
  }
  const clients: Client[] = [];
  list.forEach((entry: unknown, i) => {
    const place = `clients.${String(i)}`;
    if (!(entry instanceof Map)) {
      report(place, undefined, `allowed is a map such as ${EXAMPLE}`);
      return;
    }
    const client = new ClientReader(entry, (field, value, message) => {
      report(field === null ? place : `${place}.${field}`, value, message);
    }).read();
    const twin = client === undefined ? null : twinProblem(clients, client);
    if (twin !== null) report(place, undefined, twin);
    if (client !== undefined) clients.push(client);
  });
  return clients;
}
