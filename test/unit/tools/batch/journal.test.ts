import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  differences,
  entryLine,
  headerLine,
  readJournal,
  type BlockEntry,
  type FinishEntry,
  type Journal,
  type JournalHeader,
} from '../../../../src/tools/batch/journal.js';
import { summarize } from '../../../../src/tools/batch/run-summary.js';
import { decideStart, type Found, type ResumeMode } from '../../../../src/tools/batch/start-decision.js';
import { addTally, emptyTally, tokensQuantile } from '../../../../src/tools/batch/block-tally.js';

const header: JournalHeader = {
  serin_journal: 1,
  reader_version: 2,
  input: { bytes: 100, modified: '2026-01-01T00:00:00.000Z', sha256_of_both_ends: 'ab' },
  version: { name: 'sentiment/v1', digest: 'cd' },
  options: { text_field: 'text', top_k: null, shard: null },
  block_bytes: 10,
  runtime: { node: '20', onnxruntime: '1' },
  cpu_features: 'avx2',
};

const entry = (block: number): BlockEntry => ({
  block,
  end: { offset: 10 * (block + 1), line: block + 2 },
  outputBytes: 20 * (block + 1),
  outputCrc: block,
  errorsBytes: 0,
  errorsCrc: 0,
  tally: { ...emptyTally(), lines: 1, byTokens: new Map([[5, 1]]) },
});

const summary = summarize({
  total: emptyTally(),
  resumed: emptyTally(),
  wallMs: 1,
  scoringMs: 1,
  modelName: 'sentiment',
  modelVersion: 'v1',
  versionDigest: 'cd',
});
const finish: FinishEntry = { finished: true, outputBytes: 60, summary };

describe('readJournal', () => {
  const whole = [headerLine(header), ...[0, 1, 2].map((block) => entryLine(entry(block)))];

  it('reads what was written', () => {
    const bytes = Buffer.from([...whole, entryLine(finish)].join(''));
    const journal = readJournal(bytes);
    expect(journal).toMatchObject({ header, entries: [0, 1, 2].map(entry), finish });
    expect(journal?.ends.at(-1)).toBe(bytes.length);
  });

  it('torn at any byte, it holds the entries before the tear and where they end', () => {
    const bytes = Buffer.from(whole.join(''));
    const ends = whole.map((_, i) => Buffer.byteLength(whole.slice(0, i + 1).join('')));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: bytes.length }),
        fc.string({ maxLength: 5 }),
        (length, garbage) => {
          const torn = Buffer.concat([bytes.subarray(0, length), Buffer.from(garbage.replaceAll('\n', ''))]);
          const journal = readJournal(torn);
          const kept = ends.filter((end) => end <= length);
          expect(journal?.ends ?? []).toEqual(kept);
          expect(journal?.entries ?? []).toEqual([0, 1, 2].slice(0, Math.max(0, kept.length - 1)).map(entry));
        },
      ),
    );
  });

  it('ends before a line that is damaged, whatever follows', () => {
    const damaged = [whole[0], whole[1], '\0\0\0\n', whole[3]].join('');
    expect(readJournal(Buffer.from(damaged))?.entries).toEqual([entry(0)]);
  });

  it.each(['', '{}\n', 'x\n', '{"serin_journal":2}\n'])('%j is no journal', (text) => {
    expect(readJournal(Buffer.from(text))).toBeNull();
  });
});

describe('differences', () => {
  it('none', () => {
    expect(differences(header, structuredClone(header))).toEqual([]);
  });

  it.each<[Partial<JournalHeader>, string]>([
    [{ cpu_features: 'avx' }, 'the CPU features (was "avx2", is "avx")'],
    [{ version: { name: 'sentiment/v1', digest: 'ef' } }, 'the version digest (was "cd", is "ef")'],
    [{ options: { ...header.options, top_k: 2 } }, 'the options top k (was "unset", is 2)'],
    [{ runtime: { ...header.runtime, node: '22' } }, 'the runtime node (was "20", is "22")'],
    [{ block_bytes: 11 }, 'the block size (was 10, is 11)'],
  ])('%j', (change, sentence) => {
    expect(differences(header, { ...header, ...change })).toEqual([sentence]);
  });
});

describe('decideStart', () => {
  const begun: Journal = { header, entries: [entry(-1)], finish: null, ends: [1, 2] };
  const unfinished: Journal = { header, entries: [entry(-1), entry(0)], finish: null, ends: [1, 2, 3] };
  const finished: Journal = { ...unfinished, finish };
  const withErrors: Journal = {
    ...unfinished,
    finish: { ...finish, summary: { ...summary, errors: 1 } },
  };
  const NOTHING: Found = {
    journal: null,
    outputBytes: null,
    hasPart: false,
    hasErrors: false,
    beside: [],
  };
  const other: JournalHeader = { ...header, cpu_features: 'avx' };
  const stdin: JournalHeader = { ...header, input: null };
  const piped: Journal = { ...unfinished, header: stdin };
  const pipedAway: Journal = { ...finished, header: stdin };

  it.each<[string, Partial<Found>, JournalHeader, ResumeMode, string | RegExp]>([
    ['nothing there', {}, header, 'either', 'fresh'],
    ['nothing there, --resume', {}, header, 'resume', /no out.journal/],
    ['an empty part without journal', { hasPart: true }, header, 'either', 'fresh'],
    [
      'a part of somebody else',
      { hasPart: true, beside: ['out.part'] },
      header,
      'either',
      /^out.part exists/,
    ],
    [
      'a part of somebody else, --restart',
      { hasPart: true, beside: ['out.part'] },
      header,
      'restart',
      'fresh',
    ],
    ['errors of somebody else', { beside: ['out.errors'] }, header, 'either', /^out.errors exists, and no/],
    [
      'finished, its errors taken away',
      { journal: withErrors, outputBytes: 60 },
      header,
      'either',
      /out.errors, which was made with it, is gone/,
    ],
    [
      'finished with errors',
      { journal: withErrors, outputBytes: 60, hasErrors: true },
      header,
      'either',
      'finished',
    ],
    ['an OUT of somebody else', { outputBytes: 5 }, header, 'either', /exists, and no journal/],
    ['an OUT of somebody else, --restart', { outputBytes: 5 }, header, 'restart', 'fresh'],
    ['unfinished', { journal: unfinished, hasPart: true }, header, 'either', 'resume'],
    ['unfinished, --resume', { journal: unfinished, hasPart: true }, header, 'resume', 'resume'],
    ['unfinished, --restart', { journal: unfinished, hasPart: true }, header, 'restart', 'fresh'],
    ['unfinished, changed', { journal: unfinished }, other, 'either', /CPU features.*--restart/],
    [
      'unfinished, by an older reader',
      { journal: { ...unfinished, header: { ...header, reader_version: undefined as unknown as number } } },
      header,
      'either',
      /the version of serin's reader of files \(was "unset", is 2\).*--restart/,
    ],
    ['nothing done yet, changed', { journal: begun, hasPart: true }, other, 'either', 'fresh'],
    [
      'nothing done yet, changed, old OUT',
      { journal: begun, outputBytes: 5 },
      other,
      'either',
      /another run/,
    ],
    [
      'unfinished, old OUT to be replaced',
      { journal: unfinished, outputBytes: 5 },
      header,
      'either',
      'resume',
    ],
    ['from a pipe', { journal: piped, hasPart: true }, header, 'either', 'fresh'],
    ['finished from a pipe', { journal: pipedAway, outputBytes: 60 }, stdin, 'either', /from stdin cannot/],
    ['finished from a pipe, --restart', { journal: pipedAway, outputBytes: 60 }, stdin, 'restart', 'fresh'],
    ['finished from a pipe, OUT taken away', { journal: pipedAway }, stdin, 'either', 'fresh'],
    ['finished from a pipe, no final name', { journal: pipedAway, hasPart: true }, stdin, 'either', 'fresh'],
    ['finished from a file, now a pipe', { journal: finished, outputBytes: 60 }, stdin, 'either', /stdin/],
    ['finished', { journal: finished, outputBytes: 60 }, header, 'either', 'finished'],
    ['finished, --resume', { journal: finished, outputBytes: 60 }, header, 'resume', 'finished'],
    ['finished, no final name yet', { journal: finished, hasPart: true }, header, 'either', 'publish'],
    [
      'finished, changed',
      { journal: finished, outputBytes: 60 },
      other,
      'either',
      /finished and of another run/,
    ],
    ['finished, OUT altered', { journal: finished, outputBytes: 61 }, header, 'either', /was changed after/],
    ['finished, OUT taken away', { journal: finished }, other, 'either', 'fresh'],
    ['finished, OUT taken away, --resume', { journal: finished }, header, 'resume', /is gone/],
  ])('%s', (_, found, now, mode, expected) => {
    const decide = () => decideStart('out', { ...NOTHING, ...found }, now, mode);
    if (typeof expected === 'string') expect(decide()).toBe(expected);
    else expect(decide).toThrow(expected);
  });
});

describe('tallies', () => {
  it('quantiles are the smallest value that enough lines do not exceed', () => {
    const tally = {
      ...emptyTally(),
      byTokens: new Map([
        [9, 1],
        [3, 98],
        [5, 1],
      ]),
    };
    expect([0.5, 0.98, 0.99, 1].map((share) => tokensQuantile(tally, share))).toEqual([3, 3, 5, 9]);
    expect(tokensQuantile(emptyTally(), 0.5)).toBeNull();
  });

  it('the summary counts what an earlier run did as done, not as fast', () => {
    const [total, resumed] = [emptyTally(), emptyTally()];
    addTally(resumed, { ...emptyTally(), lines: 10, errors: 1, byTokens: new Map([[4, 9]]) });
    addTally(total, resumed);
    addTally(total, { ...emptyTally(), lines: 20, errors: 2, truncated: 9, byTokens: new Map([[6, 18]]) });
    expect(
      summarize({
        ...{ total, resumed, wallMs: 5000, scoringMs: 2000 },
        modelName: 'm',
        modelVersion: 'v',
        versionDigest: 'd',
      }),
    ).toMatchObject({
      lines: 30,
      errors: 3,
      resumed_lines: 10,
      texts_per_s: 9,
      tokens_per_s: 54,
      truncated_share: 0.333333,
    });
  });
});
