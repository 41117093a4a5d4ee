import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { factsOf, saidBy, saidInWords } from '../../../src/engine/tasks/table.js';
import { parseManifest } from '../../../src/registry/manifest-schema.js';
import { labelVersion } from '../../support/label-versions.js';

const shipped = JSON.parse(readFileSync('model-registry/sentiment/v1/manifest.json', 'utf8')) as object;
const parse = (changes: object) =>
  parseManifest(
    JSON.stringify({
      ...{ ...shipped, task: 'multi-label-classification', labels: ['toxic', 'hate', 'insult'] },
      ...changes,
    }),
  );

describe('thresholds of a manifest', () => {
  it('are what decides whether a text has a label; 0.5 where none is named', () => {
    const manifest = parse({ thresholds: { hate: 0.25, insult: 0.8 } });
    expect(factsOf({ manifest }).thresholds).toEqual([0.5, 0.25, 0.8]);
    expect(factsOf({ manifest: parse({}) }).thresholds).toBeNull();
    const version = labelVersion({ ...manifest, model: 'm' });
    expect(saidBy(version, { scores: [0.5, 0.25, 0.79] })).toEqual([0, 1]);
    expect(saidInWords(version, { scores: [0.5, 0.25, 0.79] })).toBe('toxic+hate');
    expect(saidInWords(version, { scores: [0, 0, 0] })).toBe('none');
  });

  it.each([
    [{ thresholds: { spam: 0.5 } }, /thresholds\.spam is none of the labels/],
    [{ thresholds: { hate: 0 } }, /thresholds\.hate must be a number above 0 and at most 1/],
    [{ thresholds: { hate: 1.1 } }, /thresholds\.hate must be/],
    [{ thresholds: { hate: '0.5' } }, /thresholds\.hate must be/],
    [{ thresholds: null }, /thresholds must be an object/],
    [{ thresholds: [0.5, 0.5, 0.5] }, /thresholds/],
    [
      { thresholds: {}, task: 'text-classification' },
      /thresholds are for a task with several labels per text, and the task is text-classification/,
    ],
  ])('are refused with a sentence: %j', (changes, sentence) => {
    expect(() => parse(changes)).toThrow(sentence);
  });
});
