import type { Position } from '../records/blocks.js';
import type { InputIdentity } from '../records/input-source.js';
import type { Tally } from './block-tally.js';
import type { Summary } from './run-summary.js';

/** The inputs that a run depends on. If any of them differs, the parts would not belong to one run. */
export interface JournalHeader {
  readonly serin_journal: 1;
  /** READER_VERSION of records.ts; absent in journals of releases that had the first one. */
  readonly reader_version: number;
  /** Null for stdin, which cannot be read again. */
  readonly input: InputIdentity | null;
  readonly version: { readonly name: string; readonly digest: string };
  readonly options: Readonly<Record<string, string | number | boolean | null>>;
  readonly block_bytes: number;
  readonly runtime: Readonly<Record<string, string>>;
  readonly cpu_features: string;
}

/** One block whose part of the output is written. */
export interface BlockEntry {
  /** −1 for what precedes the first block: the header of a table. */
  readonly block: number;
  /** Where the block ended. */
  readonly end: Position;
  /** Bytes of the part file after it, and the CRC-32 of its own part; the same of the errors file. */
  readonly outputBytes: number;
  readonly outputCrc: number;
  readonly errorsBytes: number;
  readonly errorsCrc: number;
  readonly tally: Tally;
}

/** Written last: from then on the part file is whole. */
export interface FinishEntry {
  readonly finished: true;
  readonly outputBytes: number;
  /** The closing summary, as `--json` gives it. */
  readonly summary: Summary;
}

export interface Journal {
  readonly header: JournalHeader;
  readonly entries: readonly BlockEntry[];
  readonly finish: FinishEntry | null;
  /** Length of the journal up to and with each entry, the header first. */
  readonly ends: readonly number[];
}

export const headerLine = (header: JournalHeader): string => `${JSON.stringify(header)}\n`;

export const entryLine = (entry: BlockEntry | FinishEntry): string =>
  'finished' in entry
    ? `${JSON.stringify(entry)}\n`
    : `${JSON.stringify({ ...entry, tally: { ...entry.tally, byTokens: [...entry.tally.byTokens] } })}\n`;

function readEntry(line: string): BlockEntry | FinishEntry | null {
  try {
    const entry = JSON.parse(line) as
      FinishEntry | (BlockEntry & { tally: { byTokens: [number, number][] } });
    if ('finished' in entry) return entry;
    return { ...entry, tally: { ...entry.tally, byTokens: new Map(entry.tally.byTokens) } };
  } catch {
    return null;
  }
}

/**
 * Reads a journal up to its first line that is torn or cut off: what a kill, or a power loss, left half written.
 * @returns null when not even the header is whole
 */
export function readJournal(bytes: Buffer): Journal | null {
  const ends: number[] = [];
  const entries: BlockEntry[] = [];
  let header: JournalHeader | null = null;
  let finish: FinishEntry | null = null;
  for (let at = 0, feed = bytes.indexOf(10); feed >= 0; at = feed + 1, feed = bytes.indexOf(10, at)) {
    const line = bytes.toString('utf8', at, feed);
    if (header === null) {
      header = readHeader(line);
      if (header === null) return null;
    } else {
      const entry = readEntry(line);
      if (entry === null) break;
      if ('finished' in entry) finish = entry;
      else entries.push(entry);
    }
    ends.push(feed + 1);
  }
  return header && { header, entries, finish, ends };
}

function readHeader(line: string): JournalHeader | null {
  try {
    const header = JSON.parse(line) as JournalHeader | { readonly serin_journal?: unknown };
    return header.serin_journal === 1 ? (header as JournalHeader) : null;
  } catch {
    return null;
  }
}

/** What each part of a header is called in a sentence. */
const PARTS = {
  input: 'the input',
  reader_version: "the version of serin's reader of files",
  version: 'the version',
  options: 'the options',
  block_bytes: 'the block size',
  runtime: 'the runtime',
  cpu_features: 'the CPU features',
} as const;

function flat(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, `${path} ${key.replaceAll('_', ' ')}`));
}

/** What differs, in words: `the options top k (was null, is 2)`; none when the run may go on. */
export function differences(before: JournalHeader, now: JournalHeader): string[] {
  return Object.entries(PARTS).flatMap(([part, name]) => {
    const [old, present] = [before, now].map(
      (header) => new Map(flat(header[part as keyof typeof PARTS], name)),
    );
    const keys = new Set([...(old?.keys() ?? []), ...(present?.keys() ?? [])]);
    return [...keys].flatMap((key) => {
      const [was, is] = [old?.get(key) ?? 'unset', present?.get(key) ?? 'unset'];
      return was === is ? [] : [`${key} (was ${JSON.stringify(was)}, is ${JSON.stringify(is)})`];
    });
  });
}
