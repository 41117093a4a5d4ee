import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/base/config/load-config.js';
import {
  DEFAULT_GATES,
  plainRollout,
  type RolloutConfig,
} from '../../../../src/base/config/rollout-config.js';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'serin-config-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

function read(section: string): RolloutConfig | undefined {
  writeFileSync(join(cwd, 'serin.config.yaml'), `rollout:\n  sentiment: ${section}\n`);
  return loadConfig({ env: {}, cwd }).rollout.sentiment;
}

const problemOf = (section: string): string => {
  try {
    read(section);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no problem';
};

const BASE = 'stable: v1, canary: v2';
const MINUTES_30 = 1_800_000;

describe('the rollout of a model', () => {
  it('is manual at 0 % in its short form', () => {
    expect(read(`{${BASE}, percent: 0}`)).toEqual(plainRollout('v1', 'v2'));
    expect(read('{stable: v1}')).toEqual(plainRollout('v1', null));
  });

  it('has the usual steps of half an hour each', () => {
    const { steps, percent, mode } = read(`{${BASE}, mode: auto}`) ?? {};
    expect(steps?.map((step) => [step.percent, step.holdMs])).toEqual(
      [1, 5, 25, 50, 100].map((share) => [share, MINUTES_30]),
    );
    expect([mode, percent]).toEqual(['auto', 1]);
  });

  it('is automatic once it has steps, and starts at the first', () => {
    const steps = '[{percent: 2, hold: 90s}, {percent: 10, hold_ms: 5}, {percent: 100}]';
    expect(read(`{${BASE}, steps: ${steps}}`)).toMatchObject({
      mode: 'auto',
      percent: 2,
      steps: [
        { percent: 2, holdMs: 90_000 },
        { percent: 10, holdMs: 5 },
        { percent: 100, holdMs: MINUTES_30 },
      ],
    });
    expect(read(`{${BASE}, percent: 0, steps: ${steps}}`)).toMatchObject({ mode: 'auto', percent: 0 });
  });

  it('takes limits of gates, off among them, and leaves the others as they are', () => {
    expect(read(`{${BASE}, gates: {disagreement: 0.05, latency_ratio: off, kpi_drop: 0.5}}`)?.gates).toEqual({
      ...DEFAULT_GATES,
      disagreement: 0.05,
      latencyRatio: null,
      kpiDrop: 0.5,
    });
    expect(read(`{${BASE}, comparison: {sample_percent: 10, budget_percent: 2.5}}`)?.comparison).toEqual({
      samplePercent: 10,
      budgetPercent: 2.5,
    });
  });

  it.each([
    ['percent: .nan', /percent .*is NaN: allowed is a number from 0 to 100/],
    ['percent: null', /percent .*is empty: allowed is a number from 0 to 100/],
    ['percent: 0.001', /percent .*hundredths are the finest share/],
    ['mode: automatic', /mode .*"automatic": allowed is one of auto, manual, shadow/],
    ['mode: shadow, percent: 5', /percent .*in shadow mode users get the stable answer only/],
    ['steps: []', /steps .*allowed is a list of 1 to 50 steps/],
    ['steps: 5', /steps .*is 5: allowed is a list/],
    ['steps: [{percent: 5}, {percent: 5}]', /steps\.1\.percent .*is 5: must rise.*the one before is 5/],
    ['steps: [{percent: 5}, {percent: 1}]', /steps\.1\.percent .*is 1: must rise/],
    ['steps: [{percent: 0}]', /steps\.0\.percent .*a step above 0/],
    ['steps: [{percent: 101}]', /steps\.0\.percent .*is 101: allowed/],
    ['steps: [{hold: 1m}]', /steps\.0\.percent .*is missing/],
    ['steps: [5]', /steps\.0 .*is 5: allowed is a map/],
    ['steps: [{percent: 5, hold: 30}]', /steps\.0\.hold .*is 30: allowed is a time with its unit/],
    ['steps: [{percent: 5, hold: 30 minutes}]', /steps\.0\.hold .*allowed is a time with its unit/],
    ['steps: [{percent: 5, hold: 8d}]', /steps\.0\.hold .*to 604800000 ms/],
    ['steps: [{percent: 5, hold: 1m, hold_ms: 3}]', /steps\.0\.hold_ms .*is said by hold too/],
    ['steps: [{percent: 5, held: 1m}]', /steps\.0\.held .*unknown key. Did you mean "hold"/],
    ['stepps: []', /stepps .*unknown key. Did you mean "steps"/],
    ['gates: 3', /gates .*is 3: allowed is a map such as { minimum_samples: 500, disagreement: 0.03/],
    ['gates: {disagreement: 3}', /gates\.disagreement .*is 3: allowed is a number from 0 to 1.*or off/],
    ['gates: {minimum_samples: off}', /gates\.minimum_samples .*allowed is a whole number/],
    ['gates: {disagrement: 0.1}', /gates\.disagrement .*Did you mean "disagreement"/],
    ['comparison: {budget: 1}', /comparison\.budget .*unknown key/],
  ])('refuses %s', (rest, message) => {
    expect(problemOf(`{${BASE}, ${rest}}`)).toMatch(message);
  });

  it('refuses all that is wrong at once', () => {
    const problem = problemOf(
      '{stable: v1, canary: v1, percent: -1, steps: [{percent: 500}], gates: {x: 1}}',
    );
    for (const key of ['canary', 'percent', 'steps.0.percent', 'gates.x']) {
      expect(problem).toContain(`rollout.sentiment.${key}`);
    }
  });
});

describe('a message about a wrong value', () => {
  const GATE_KEYS = [
    'minimum_samples',
    'disagreement',
    'error_rate_increase',
    'latency_ratio',
    'label_share_shift',
    'feedback_accuracy_drop',
    'kpi_drop',
    'alpha',
  ];

  it.each<[string, (value: string) => string]>([
    ['percent', (value) => `{${BASE}, percent: ${value}}`],
    ['the percent of a step', (value) => `{${BASE}, steps: [{percent: ${value}, hold: 1h}, {percent: 100}]}`],
    ['the hold of a step', (value) => `{${BASE}, steps: [{percent: 1, hold: ${value}}, {percent: 100}]}`],
    ['a share of the comparison', (value) => `{${BASE}, comparison: {sample_percent: ${value}}}`],
    ...GATE_KEYS.map((key): [string, (value: string) => string] => [
      key,
      (value) => `{${BASE}, gates: {${key}: ${value}}}`,
    ]),
  ])('gives only examples that are allowed: %s', (_, section) => {
    for (const wrong of ['wrong', '-1', '1.23456']) {
      const message = problemOf(section(wrong));
      const examples = [...message.matchAll(/(?:e\.g\.|such as|for example) ([^\s,;)]+)/g)];
      for (const [, example = ''] of examples) expect(problemOf(section(example))).toBe('no problem');
    }
    expect(problemOf(section('wrong'))).not.toBe('no problem');
  });
});
