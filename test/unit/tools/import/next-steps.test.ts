import { describe, expect, it } from 'vitest';
import { nextSteps } from '../../../../src/tools/import/next-steps.js';
import { expectFits, LONG_MODEL, LONG_VERSION, NARROW } from '../../../support/narrow-screen.js';

const tone = { model: 'tone', version: 'v1' } as const;

describe('what comes after an import', () => {
  it('is an evaluation that holds the accuracy to something', () => {
    const evaluations = nextSteps(tone).filter((step) => step.includes('evaluate'));
    expect(evaluations).toHaveLength(2);
    expect(evaluations[0]).toMatch(/^serin evaluate tone\/v1 --against VERSION --data FILE --record /);
    expect(evaluations[1]).toMatch(/^serin evaluate tone\/v1 --min-accuracy SHARE --data FILE --record /);
  });
});

it('fits in 80 columns', () => {
  const text = expectFits(nextSteps({ model: LONG_MODEL, version: LONG_VERSION }, NARROW).join('\n'));
  expect(text).toMatch(/^serin evaluate .* \\\n {4}/m);
  expect(text).toMatch(/^ {4}\(/m);
});
