import { describe, expect, it } from 'vitest';
import { judgeAcceptance, parseAcceptance, type AcceptanceRecord } from '../../../src/registry/acceptance.js';
import type { ModelVersion } from '../../../src/registry/model-version.js';

const digest = 'a'.repeat(64);
const record = {
  schema_version: 1,
  model: 'sentiment',
  version: 'v3',
  manifest_sha256: digest,
  decision: 'accepted',
  reasons: [],
  runs: 'batched',
  data: { name: 'dev.jsonl', n: 872 },
  figures: { accuracy: 786 / 872, interval_95: [0.88, 0.92] },
  at: '2026-01-02T03:04:05.000Z',
} as unknown as AcceptanceRecord;
const refused: AcceptanceRecord = {
  ...record,
  decision: 'refused',
  reasons: ['accuracy drops by 3.00 points'],
};
const version = (accuracy: object | undefined): ModelVersion =>
  ({
    model: 'sentiment',
    version: 'v3',
    digest,
    manifest: { task: 'text-classification', accuracy },
  }) as unknown as ModelVersion;
const [known, unknown] = [version({ accuracy: 0.9 }), version(undefined)];
const several = {
  ...unknown,
  manifest: { ...unknown.manifest, task: 'multi-label-classification' as const },
};
const other = 'b'.repeat(64);

describe('whether a version is accepted', () => {
  it.each([
    ['an accepted record', unknown, record, true, /evaluated and accepted at 2026-01-02.* on dev\.jsonl/],
    ['one that needed no force', unknown, record, true, /on dev\.jsonl$/],
    [
      'one that was forced',
      unknown,
      { ...record, forced: ['8 distinct texts; at least 200 are demanded'] },
      true,
      /on dev\.jsonl, by --force: 8 distinct texts; at least 200 are demanded$/,
    ],
    [
      'a refused one',
      unknown,
      refused,
      false,
      /refused .*: accuracy drops by 3\.00 points; .*serin evaluate sentiment\/v3/,
    ],
    ['a refused one, whatever the manifest says', known, refused, false, /refused/],
    [
      'no record, and no accuracy',
      unknown,
      null,
      false,
      /no accuracy on record; evaluate it with "serin evaluate sentiment\/v3 --against VERSION --data FILE --record" \(a first version: --min-accuracy SHARE/,
    ],
    [
      'no record of a task that no evaluation knows',
      several,
      null,
      false,
      /evaluate it with "serin evaluate sentiment\/v3 --against VERSION --data FILE --record"/,
    ],
    ['no record, and an accuracy', known, null, true, /its manifest has its accuracy on record$/],
    [
      'a record about other files',
      unknown,
      { ...record, manifest_sha256: other },
      false,
      /another manifest and does not count/,
    ],
    ['a refusal of other files', known, { ...refused, manifest_sha256: other }, true, /does not count/],
    [
      'a record that cannot be read',
      known,
      new Error('acceptance.json is not JSON'),
      false,
      /cannot be used \(acceptance\.json is not JSON\)/,
    ],
  ])('is decided by %s', (_, about, found, accepted, reason) => {
    const judged = judgeAcceptance(about, found);
    expect(judged.accepted).toBe(accepted);
    expect(judged.reason).toMatch(reason);
  });
});

describe('the accuracy on record', () => {
  it.each([
    ['the manifest has', known, record, { accuracy: 0.9 }],
    [
      'the record has, when the manifest has none',
      unknown,
      record,
      { data_set: 'dev.jsonl', n: 872, correct: 786, accuracy: 786 / 872, interval_95: [0.88, 0.92] },
    ],
    ['a record of a refusal has', unknown, refused, { correct: 786 }],
    ['no record of other files has', unknown, { ...record, manifest_sha256: other }, null],
  ])('is what %s', (_, about, found, accuracy) => {
    const judged = judgeAcceptance(about, found).accuracy;
    if (accuracy === null) expect(judged).toBeNull();
    else expect(judged).toMatchObject(accuracy);
  });
});

describe('a record', () => {
  it('is read as it was written', () => {
    expect(parseAcceptance(JSON.stringify(refused))).toEqual(refused);
  });

  it.each([
    ['{', /is not JSON/],
    ['[]', /must hold a JSON object/],
    [
      JSON.stringify({ ...record, schema_version: 2 }),
      /schema_version must be 1: this release reads no other/,
    ],
    [JSON.stringify({ ...record, manifest_sha256: 'A' }), /manifest_sha256 must be 64 hexadecimal digits/],
    [JSON.stringify({ ...record, decision: 'yes' }), /decision must be accepted or refused/],
    [JSON.stringify({ ...record, reasons: undefined }), /reasons must be a list of strings/],
    [JSON.stringify({ ...record, data: {} }), /data must be an object with a name and n/],
    [
      JSON.stringify({ ...record, figures: { accuracy: 0.9 } }),
      /figures must be an object with accuracy, 0 to 1, and interval_95/,
    ],
    [JSON.stringify({ ...record, at: 'now' }), /at must be a time in ISO 8601/],
  ])('that is %s is refused', (json, sentence) => {
    expect(() => parseAcceptance(json)).toThrow(sentence);
  });
});
