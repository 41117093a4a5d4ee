import { describe, expect, it } from 'vitest';
import { nextSteps } from '../../../../src/tools/import/next-steps.js';
import { expectFits, LONG_MODEL, LONG_VERSION, NARROW } from '../../../support/narrow-screen.js';

const tone = { model: 'tone', version: 'v1' } as const;

describe('what comes after an import', () => {
  it('is an evaluation that holds the accuracy to something', () => {
    const evaluations = nextSteps({ ...tone, task: 'text-classification' }).filter((step) =>
      step.includes('evaluate'),
    );
    expect(evaluations).toHaveLength(2);
    expect(evaluations[0]).toMatch(/^serin evaluate tone\/v1 --against VERSION --data FILE --record /);
    expect(evaluations[1]).toMatch(/^serin evaluate tone\/v1 --min-accuracy SHARE --data FILE --record /);
  });

  it('is no evaluation of a version with several labels per text, which could not be made', () => {
    const steps = nextSteps({ ...tone, task: 'multi-label-classification' });
    expect(steps).toHaveLength(2);
    expect(steps[1]).toMatch(
      /^serin canary set tone --version v1 --percent N --force +\(serin evaluate knows one label/,
    );
  });
});

it.each(['text-classification', 'multi-label-classification'] as const)(
  'fits in 80 columns after %s',
  (task) => {
    const text = expectFits(nextSteps({ model: LONG_MODEL, version: LONG_VERSION, task }, NARROW).join('\n'));
    expect(text).toMatch(/^serin (evaluate|canary) .* \\\n {4}/m);
    expect(text).toMatch(/^ {4}\(/m);
  },
);
