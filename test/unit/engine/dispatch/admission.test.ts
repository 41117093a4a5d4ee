import { describe, expect, it } from 'vitest';
import { CountedAdmission, type AdmissibleText } from '../../../../src/engine/dispatch/admission.js';
import type { Priority } from '../../../../src/engine/dispatch/executor.js';
import { WaitingText } from './pending-texts.js';

const texts = (count: number, sequences = 1, priority: Priority = 'user'): AdmissibleText[] =>
  Array.from({ length: count }, () => ({
    key: 'v1',
    tokens: 10,
    sequences,
    client: '',
    deadlineAt: Infinity,
    priority,
  }));

const OVERLOADED = expect.objectContaining({
  code: 'OVERLOADED',
  message: 'The queue holds 8 of 10 texts and 3 more do not fit.',
  retryAfterMs: expect.any(Number) as number,
}) as object;

describe('CountedAdmission', () => {
  it('admits all texts of a request or none, says why not, and takes them once others have left', () => {
    const admission = new CountedAdmission({ user: 10, background: 1 });
    admission.admit(texts(8));
    expect(() => {
      admission.admit(texts(3));
    }).toThrow(OVERLOADED);
    admission.admit(texts(2));
    admission.release(texts(3));
    admission.admit(texts(3));
  });

  it('counts a text with the runs of the model that it is estimated to need', () => {
    const admission = new CountedAdmission({ user: 10, background: 1 });
    admission.admit(texts(2, 4));
    expect(() => {
      admission.admit(texts(1, 3));
    }).toThrow(OVERLOADED);
    admission.release(texts(1, 4));
    admission.admit(texts(2, 3));
  });

  it('has a limit for each priority', () => {
    const admission = new CountedAdmission({ user: 10, background: 1 });
    admission.admit(texts(10));
    admission.admit(texts(1, 1, 'background'));
    expect(() => {
      admission.admit(texts(1, 1, 'background'));
    }).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    admission.release(texts(1, 1, 'background'));
    admission.admit(texts(1, 1, 'background'));
  });

  it('is given all that a queue knows of a text, and what nobody said is taken for the widest', () => {
    const said = new WaitingText('text', { client: 'ann', deadlineAt: 70, origin: 'job' });
    expect(said).toMatchObject({ client: 'ann', deadlineAt: 70, origin: 'job', sequences: 1 });
    const unsaid = new WaitingText('text', { priority: 'background' });
    expect(unsaid).toMatchObject({
      client: '',
      deadlineAt: Infinity,
      origin: 'user',
      priority: 'background',
    });
  });
});
