import { describe, expect, it } from 'vitest';
import { TimedAdmission, type AdmissibleText } from '../../../../src/engine/dispatch/admission.js';
import type { Priority } from '../../../../src/engine/dispatch/executor.js';
import { Forecast } from '../../../../src/engine/dispatch/forecast.js';
import { WaitingText } from './pending-texts.js';

const NOW = 10_000;

const texts = (count: number, sequences = 1, priority: Priority = 'user'): AdmissibleText[] =>
  Array.from({ length: count }, () => ({
    sequences,
    workMs: 1,
    soloMs: 1,
    client: '',
    deadlineAt: Infinity,
    priority,
  }));

/** Admission with a limit of ten, on an idle service. */
class Bench {
  readonly admission = new TimedAdmission({ user: 10, background: 1 }, () => 0);
  readonly forecast = new Forecast();

  admit(parts: readonly AdmissibleText[]): void {
    this.admission.admit({ parts, texts: parts.length }, this.forecast, NOW);
  }
}

const OVERLOADED = expect.objectContaining({
  code: 'OVERLOADED',
  message: '8 of 10 texts wait or run (QUEUE_LIMIT), and 3 more of this client do not fit.',
  retryAfterMs: 1_000,
}) as object;

describe('TimedAdmission, for memory', () => {
  it('admits all texts of a request or none, says why not, and takes them once others have left', () => {
    const bench = new Bench();
    bench.admit(texts(8));
    expect(() => {
      bench.admit(texts(3));
    }).toThrow(OVERLOADED);
    bench.admit(texts(2));
    bench.admission.release(texts(3));
    bench.admit(texts(3));
  });

  it('counts a text with the runs of the model that it is estimated to need', () => {
    const bench = new Bench();
    bench.admit(texts(2, 4));
    expect(() => {
      bench.admit(texts(1, 3));
    }).toThrow(OVERLOADED);
    bench.admission.release(texts(1, 4));
    bench.admit(texts(2, 3));
  });

  it('has a limit for each priority', () => {
    const bench = new Bench();
    bench.admit(texts(10));
    bench.admit(texts(1, 1, 'background'));
    expect(() => {
      bench.admit(texts(1, 1, 'background'));
    }).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    bench.admission.release(texts(1, 1, 'background'));
    bench.admit(texts(1, 1, 'background'));
  });

  it('is given the facts of a text, and takes the widest ones where none are given', () => {
    const given = new WaitingText('text', { client: 'ann', deadlineAt: 70, origin: 'job' });
    expect(given).toMatchObject({ client: 'ann', deadlineAt: 70, origin: 'job', sequences: 1 });
    const absent = new WaitingText('text', { priority: 'background' });
    expect(absent).toMatchObject({
      client: '',
      deadlineAt: Infinity,
      origin: 'user',
      priority: 'background',
    });
  });
});

describe('TimedAdmission, for time', () => {
  const until = (deadlineAt: number, workMs = 10): AdmissibleText[] =>
    texts(1).map((text) => ({ ...text, client: 'ann', deadlineAt, workMs, soloMs: workMs }));

  it('refuses a text that is predicted to end after its deadline, with the wait after which it fits', () => {
    const bench = new Bench();
    bench.admit(until(NOW + 1_000));
    bench.forecast.shares.add('ann', 2_000, NOW);
    expect(() => {
      bench.admit(until(NOW + 1_000));
    }).toThrow(expect.objectContaining({ code: 'OVERLOADED', retryAfterMs: expect.any(Number) as number }));
    bench.admit(until(NOW + 5_000));
  });

  it('says a time that is longer than the deadline, also when the margin alone makes it so', () => {
    const bench = new Bench();
    bench.admit(until(NOW + 1_000));
    bench.forecast.shares.add('ann', 900, NOW);
    let said = '';
    try {
      bench.admit(until(NOW + 1_000));
    } catch (error) {
      said = (error as Error).message;
    }
    const [, predicted, deadline] =
      /^The answer may take up to (\d+) ms, and the deadline is in (\d+) ms\.$/.exec(said) ?? [];
    expect(deadline).toBe('1000');
    expect(Number(predicted)).toBeGreaterThan(1_000);
  });

  it('does not count the work of a client whose turns come later', () => {
    const bench = new Bench();
    bench.forecast.shares.add('greedy', 100_000, NOW);
    bench.admit(until(NOW + 1_000));
    expect(() => {
      bench.admit(until(NOW + 1_000).map((text) => ({ ...text, client: 'greedy' })));
    }).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
  });

  it('does not make a text wait that can never be in time', () => {
    const bench = new Bench();
    expect(() => {
      bench.admit(until(NOW + 1_000, 2_000));
    }).toThrow(expect.objectContaining({ code: 'DEADLINE_EXCEEDED', retryAfterMs: undefined }));
  });
});
