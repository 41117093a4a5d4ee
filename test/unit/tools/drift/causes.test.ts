import { describe, expect, it } from 'vitest';
import { CAUSES, likelyCause, type Sides } from '../../../../src/tools/drift/causes.js';
import { compare } from '../../../../src/tools/drift/compare-outcomes.js';
import { readText, tableAfter } from '../../../support/repository.js';
import type {
  Answer,
  FileAnswer,
  FileOutcome,
  ServiceOutcome,
} from '../../../../src/tools/drift/text-outcome.js';

const SAME: Answer = {
  ok: true,
  label: 'POSITIVE',
  score: 0.9,
  tokens: 12,
  truncated: false,
  version: 'v1',
};
const FILE: FileAnswer = { ...SAME, scores: { NEGATIVE: 0.1, POSITIVE: 0.9 } };
const SIDES: Sides = {
  version: 'v1',
  serviceDigest: 'a'.repeat(64),
  fileDigest: 'a'.repeat(64),
  serviceMaxTokens: 64,
  fileMaxTokens: 256,
  batchVariance: 0,
};
const refusal = (code: string): ServiceOutcome & FileOutcome => ({ ok: false, code, message: 'why' });
const TOLERANCE = 1e-5;

describe('the comparison', () => {
  it('takes scores within the tolerance for equal, and only those', () => {
    expect(compare({ ...SAME, score: 0.900009 }, FILE, TOLERANCE).kind).toBe('equal');
    expect(compare({ ...SAME, score: 0.899989 }, FILE, TOLERANCE).kind).toBe('different');
    expect(compare({ ...SAME, score: 0.5 }, FILE, 0.4).kind).toBe('equal');
  });

  it.each<[string, Partial<FileAnswer>]>([
    ['label', { label: 'NEGATIVE', score: 0.1 }],
    ['number of tokens', { tokens: 13 }],
    ['truncation', { truncated: true }],
    ['version', { version: 'v2' }],
  ])('finds another %s, however large the tolerance', (_name, change) => {
    expect(compare({ ...SAME, ...change }, FILE, 1).kind).toBe('different');
  });

  it('compares the scores of the label that the service answered', () => {
    const { kind, ...rest } = compare({ ...SAME, label: 'NEGATIVE', score: 0.6 }, FILE, TOLERANCE);
    expect(kind).toBe('different');
    expect(rest).toMatchObject({ difference: { label: true, score: 0.5 } });
    expect(compare({ ...SAME, label: 'constructor' }, FILE, 1)).toMatchObject({ difference: { score: 1 } });
  });

  it('takes two refusals with one code for agreement', () => {
    expect(compare(refusal('EMPTY_TEXT'), refusal('EMPTY_TEXT'), TOLERANCE).kind).toBe('refused');
    expect(compare(refusal('EMPTY_TEXT'), refusal('INFERENCE_FAILED'), TOLERANCE).kind).toBe('different');
    expect(compare(refusal('EMPTY_TEXT'), FILE, TOLERANCE).kind).toBe('different');
    expect(compare(SAME, refusal('EMPTY_TEXT'), TOLERANCE).kind).toBe('different');
  });
});

interface Case {
  readonly cause: string;
  readonly text?: string;
  readonly service: ServiceOutcome;
  readonly file?: FileOutcome;
  readonly sides?: Partial<Sides>;
}

const CASES: readonly Case[] = [
  { cause: 'body_limit', service: refusal('BODY_TOO_LARGE') },
  { cause: 'service_overloaded', service: refusal('DEADLINE_EXCEEDED') },
  { cause: 'validation', service: refusal('EMPTY_TEXT') },
  { cause: 'service_error', service: refusal('INFERENCE_FAILED') },
  { cause: 'service_error', service: refusal('A_CODE_TO_COME'), file: refusal('INFERENCE_FAILED') },
  { cause: 'file_path_error', service: SAME, file: refusal('INFERENCE_FAILED') },
  { cause: 'other_version', service: { ...SAME, version: 'v2' }, sides: { serviceDigest: 'b' } },
  { cause: 'other_digest', service: { ...SAME, tokens: 3 }, sides: { serviceDigest: 'b' } },
  { cause: 'truncation_limit', service: { ...SAME, truncated: true, tokens: 64 } },
  { cause: 'truncation_limit', service: { ...SAME, truncated: true } },
  { cause: 'ill_formed_text', text: 'half \ud83d', service: { ...SAME, tokens: 13 } },
  { cause: 'normalisation', text: 'caf\u00e9', service: { ...SAME, tokens: 13 } },
  { cause: 'normalisation', text: '\ufb01ne', service: { ...SAME, tokens: 13 } },
  { cause: 'tokenizer', service: { ...SAME, tokens: 13 } },
  { cause: 'batch_variance', service: { ...SAME, score: 0.7 }, sides: { batchVariance: 0.3 } },
  {
    cause: 'near_tie',
    service: { ...SAME, label: 'NEGATIVE', score: 0.5001 },
    file: { ...FILE, score: 0.5001, scores: { NEGATIVE: 0.4999, POSITIVE: 0.5001 } },
  },
  { cause: 'numeric', service: { ...SAME, score: 0.9005 } },
  { cause: 'model', service: { ...SAME, score: 0.8 } },
  { cause: 'model', service: { ...SAME, label: 'NEGATIVE', score: 0.8 } },
];

describe('the likely cause', () => {
  it.each(CASES)('$cause', ({ cause, text = 'plain', service, file = FILE, sides }) => {
    const comparison = compare(service, file, TOLERANCE);
    if (comparison.kind !== 'different') throw new Error('this is no difference');
    const { difference } = comparison;
    const found = likelyCause({ text, service, file, difference }, { ...SIDES, ...sides });
    expect(found.cause).toBe(cause);
    expect(found.explanation).not.toMatch(/undefined|null/);
    if (text !== 'plain') expect(found.explanation).not.toContain(text);
  });

  it('says where each side cuts', () => {
    const found = { text: '', service: { ...SAME, truncated: true }, file: FILE };
    const difference = { label: false, tokens: true, truncated: true, score: 0 };
    expect(likelyCause({ ...found, difference }, SIDES).explanation).toContain(
      'max_tokens is 64 there and 256 here',
    );
  });

  it('is explained in the documentation', () => {
    const rows = tableAfter(readText('docs/drift.md'), '## Likely causes');
    expect(rows.map(([cause]) => cause)).toEqual(CAUSES.map((cause) => `\`${cause}\``));
  });
});
