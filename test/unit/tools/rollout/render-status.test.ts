import { describe, expect, it } from 'vitest';
import type { SideFigures, WindowFigures } from '../../../../src/rollout/evidence/figures-view.js';
import type { RolloutView } from '../../../../src/rollout/rollout-types.js';
import { renderFlipsOf, renderStatus, statusLine } from '../../../../src/tools/rollout/render-status.js';
import { renderRollback } from '../../../../src/tools/rollout/roll-back.js';
import { expectFits, LONG_MODEL, LONG_VERSION, NARROW } from '../../../support/narrow-screen.js';

const side = (changes: Partial<SideFigures> = {}): SideFigures => ({
  requests: 1000,
  errors: 2,
  error_rate: 0.002,
  latency_p50_ms: 8,
  latency_p99_ms: 20.04,
  worker_us_per_padded_token: 30,
  labels: { POSITIVE: 75, NEGATIVE: 25 },
  feedback_accuracy: null,
  feedback: 0,
  kpi_mean: null,
  ...changes,
});
const window: WindowFigures = {
  stable: side(),
  canary: side({ requests: 50, errors: 0, error_rate: 0 }),
  pairs: {
    texts: 400,
    disagreements: 5,
    disagreement_rate: 0.0125,
    traffic_texts: 800,
    traffic_disagreement_rate: 0.02,
    flips: { 'POSITIVE>NEGATIVE': 2, 'NEGATIVE>POSITIVE': 3 },
    mean_score_shift: 0.001,
    mean_absolute_score_shift: 0.02,
    canary_only_errors: 0,
    stable_only_errors: 0,
  },
};
const version = (name: string): RolloutView['stable'] => ({
  version: name,
  digest: 'abcdef0123456789',
  state: 'ready',
  accepted: true,
  acceptance_reason: 'its accuracy is on record',
});

const view = (changes: Partial<RolloutView> = {}): RolloutView => ({
  model_name: 'sentiment',
  revision: 7,
  rollout_id: 'an-id',
  phase: 'running',
  mode: 'auto',
  stable: version('v1'),
  canary: version('v2'),
  last_good: null,
  forced: false,
  percent: 5,
  state_percent: 5,
  step: { number: 2, of: 5, percent: 5, hold_ms: 1_800_000, elapsed_ms: 754_000, next_percent: 25 },
  since: '2026-01-02T03:04:05.000Z',
  decided_by: 'state',
  decided_because: 'The state says so.',
  already_promoted: false,
  verdict: {
    verdict: 'hold',
    gates: [
      {
        gate: 'disagreement',
        state: 'open',
        unit: 'share',
        observed: 0.0125,
        limit: 0.03,
        lower: 0.004,
        upper: 0.041,
        n: 400,
        sentence: 'In words.',
      },
    ],
  },
  verdict_estimate: {
    ms: 150_000,
    pairs_left: 100,
    answers_left: 450,
    pairs_per_minute: 40.5,
    answers_per_minute: 1200,
  },
  figures: { step: window, total: window },
  in_flight: 3,
  rolled_back: [],
  problems: [],
  flips: [],
  history: [],
  ...changes,
});

const flip = {
  hash: '00ff00ff00ff00ff',
  length: 31,
  stable_label: 'NEGATIVE',
  canary_label: 'POSITIVE',
  stable_score: 0.61234,
  canary_score: 0.5,
  text: null,
};

describe('the status of a rollout', () => {
  it('shows both sides, the step, each gate in a row, and who decides', () => {
    const text = renderStatus(view());
    for (const part of [
      /^sentiment: running, v2 at 5 %$/m,
      /step +2 of 5 at 5 %: 12 min 34 s of 30 min, then 25 %/,
      /decided by +state: The state says so\./,
      /in flight +3 texts/,
      /requests +1,000 +50 +50$/m,
      /errors +2 \(0\.2 %\) +0 \(0 %\)/,
      /latency p99 +20 ms/,
      /NEGATIVE 25 %, POSITIVE 75 %/,
      /400 distinct, 5 with another label \(1\.25 %; 2 % of the traffic\)/,
      /flips: NEGATIVE>POSITIVE 3, POSITIVE>NEGATIVE 2/,
      /verdict in +about 2 min 30 s: 100 more pairs at 40\.5 a minute, 450 more canary answers at 1200 a minute/,
      /verdict: hold/,
      /disagreement +open +1\.25 % +3 % +0\.4 % … 4\.1 % +400 +In words\./,
    ]) {
      expect(text).toMatch(part);
    }
    expect(text).not.toMatch(/ $/m);
    expect(text).not.toContain('feedback');
  });

  it('shows what only some rollouts have: feedback, a share held down, force, problems, what is held at 0', () => {
    const fed = { ...window, canary: side({ feedback: 12, feedback_accuracy: 0.75 }) };
    const text = renderStatus(
      view({
        figures: { step: fed, total: fed },
        percent: 0,
        forced: true,
        problems: ['The disk is full.'],
        rolled_back: [{ version: 'v0', digest: 'x', at: 'then', reason: 'bad' }],
      }),
    );
    expect(text).toMatch(/accuracy by feedback +- +75 %/);
    expect(text).toContain('v2 (forced) at 0 %');
    expect(text).toContain('held at 0 %');
    expect(text).toContain('PROBLEM  The disk is full.');
    expect(text).toMatch(/held at 0 +v0 since then \(bad\), until clear/);
  });

  it('says that the time to a verdict is not known when nothing comes, and when there are enough samples', () => {
    const none = { ms: null, pairs_left: 100, answers_left: 0, pairs_per_minute: 0, answers_per_minute: 90 };
    const lineOf = (estimate: RolloutView['verdict_estimate']): string | undefined =>
      /verdict in +(.*)/.exec(renderStatus(view({ verdict_estimate: estimate })))?.[1];
    expect(lineOf(none)).toBe('unknown: 100 more pairs at 0 a minute');
    expect(lineOf({ ...none, pairs_per_minute: null })).toBe('unknown: 100 more pairs');
    expect(lineOf({ ...none, ms: 0, pairs_left: 0 })).toBe('there are enough samples');
    expect(lineOf(null)).toBe('-');
    const waiting = view({ verdict: { verdict: 'not_enough_data', gates: [] }, verdict_estimate: none });
    expect(statusLine(waiting)).toContain('verdict not_enough_data; verdict in unknown: 100 more pairs');
  });

  it.each<[Partial<RolloutView>, string]>([
    [{ phase: 'idle', percent: 0, step: null, verdict: null, figures: null }, 'idle, v2 at 0 %'],
    [{ phase: 'rolled_back', percent: 0 }, 'rolled back, v2 at 0 %'],
    [{ phase: 'promoted', stable: version('v2'), canary: null }, 'promoted, v2 is stable'],
    [{ canary: null, phase: 'idle' }, 'idle, no canary at 5 %'],
  ])('names the phase of %j', (changes, headline) => {
    expect(renderStatus(view(changes)).split('\n')[0]).toBe(`sentiment: ${headline}`);
  });

  it('names the sides of a promoted rollout as they were', () => {
    const promoted = renderStatus(
      view({ phase: 'promoted', stable: version('v2'), canary: null, last_good: version('v1'), step: null }),
    );
    expect(promoted).toMatch(/^ +since it began +v1 +v2$/m);
  });

  it('shows texts with another label on demand, and nothing in them moves the terminal', () => {
    expect(renderFlipsOf(view())).toContain('no text with another label');
    const table = renderFlipsOf(view({ flips: [flip] }));
    expect(table).toMatch(/^ +hash +length +v1 +v2$/m);
    expect(table).toMatch(/^ +00ff00ff00ff00ff +31 +NEGATIVE 0\.6123 +POSITIVE 0\.5000$/m);
    const text = `fine\u001b[2J\u009b\n\u202e${'x'.repeat(200)}`;
    const shown = renderFlipsOf(view({ flips: [{ ...flip, text }] }))
      .split('\n')
      .find((line) => line.includes('fine'));
    expect(shown).toMatch(/ fine \[2J x{50,100}…$/);
  });

  it('fits in a line for whoever watches without a terminal', () => {
    expect(statusLine(view({ problems: ['The disk is full.'] }))).toBe(
      'sentiment: running, v2 at 5 %; 12 min 34 s of 30 min; 50 canary requests, 0 failed; ' +
        'disagreement 1.25 % of 400 texts; verdict hold; PROBLEM The disk is full.',
    );
  });
});

describe('what a rollback prints', () => {
  const result = {
    model_name: 'sentiment',
    rolled_back: 'v2',
    stable: 'v1',
    revision: 4,
    call_ms: 12.4,
    in_flight: 3,
    left: 0,
    drained_ms: 20.2,
    problems: [],
  };
  it.each([
    [result, /3 texts of v2 were in flight, the last was answered after 20 ms; nothing of it is in flight/],
    [{ ...result, in_flight: 0 }, /nothing of v2 is in flight any more/],
    [{ ...result, left: 1 }, /1 of 3 texts of v2 are still in flight after 0 s/],
    [{ ...result, problems: ['unwritten'] }, /PROBLEM {2}unwritten/],
  ])('tells of %j', (one, line) => {
    expect(renderRollback(one)).toMatch(line);
  });
});

describe('on a terminal of 80 columns', () => {
  const gate = (name: string, state: string) => ({
    gate: name,
    state,
    unit: 'share',
    observed: -0.0636,
    limit: 0.005,
    lower: -0.0636,
    upper: 0.0513,
    n: 123_456,
    sentence:
      "Error rate above the stable version's: 0 % (limit 0.5 %) over 222 requests in the whole rollout.",
  });
  const wide = view({
    model_name: LONG_MODEL,
    stable: version('2026-08-01-float'),
    canary: {
      version: LONG_VERSION,
      digest: 'abcdef0123456789',
      state: 'ready',
      accepted: false,
      acceptance_reason: 'it was evaluated and refused at then',
    },
    problems: ['Redis has not answered for 30 s: this process goes on with what it knows, and tries again.'],
    verdict: {
      verdict: 'roll_back',
      gates: [gate('feedback_accuracy_drop', 'not_enough_data'), gate('disagreement', 'fail')],
    } as unknown as RolloutView['verdict'],
    history: [
      {
        at: '2026-01-02T03:04:05.000Z',
        move: 'start',
        from: { phase: 'idle', percent: 0, canary: null, stable: 'v1' },
        to: { phase: 'running', percent: 20, canary: LONG_VERSION, stable: 'v1' },
        cause: { by: 'admin', detail: 'set it at 20 %, as the plan for this week says' },
        forced: true,
      } as unknown as RolloutView['history'][number],
    ],
    flips: [{ ...flip, text: 'a text that goes on and on '.repeat(5) }],
  });

  it('the status fits, with a row and a sentence for each gate', () => {
    const text = expectFits(renderStatus(wide, NARROW) + renderFlipsOf(wide, NARROW));
    expect(text).toMatch(/^ {2}gate +state +observed/m);
    expect(text).toMatch(/^ {2}disagreement +fail .*\n(.*\n)? {6}Error rate above/m);
    expect(renderStatus(wide, NARROW)).toContain('\u001b[31mfail\u001b[39m');
    expect(renderStatus(wide, NARROW)).toContain('\u001b[31mPROBLEM\u001b[39m');
  });

  it('the rollback fits', () => {
    const result = {
      model_name: LONG_MODEL,
      rolled_back: LONG_VERSION,
      stable: '2026-08-01-float',
      revision: 8,
      call_ms: 4,
      in_flight: 12,
      left: 3,
      drained_ms: 10_000,
      problems: wide.problems,
    };
    expectFits(renderRollback(result, NARROW));
  });
});
