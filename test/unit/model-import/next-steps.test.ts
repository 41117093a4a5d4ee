import { describe, expect, it } from 'vitest';
import { nextSteps } from '../../../src/model-import/next-steps.js';

describe('what comes after an import', () => {
  it('is an evaluation that holds the accuracy to something', () => {
    const evaluations = nextSteps({ model: 'tone', version: 'v1' }).filter((step) =>
      step.includes('evaluate'),
    );
    expect(evaluations).toHaveLength(2);
    expect(evaluations[0]).toMatch(/^serin evaluate tone\/v1 --against VERSION --data FILE --record /);
    expect(evaluations[1]).toMatch(/^serin evaluate tone\/v1 --min-accuracy SHARE --data FILE --record /);
  });
});
