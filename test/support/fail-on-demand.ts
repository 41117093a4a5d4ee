import { AppError } from '../../src/base/errors/app-error.js';
import { AnsweredTexts } from '../../src/service/feedback/answered-texts.js';
import type { Computation } from '../../src/engine/dispatch/executor.js';
import type { SliceApp } from './slice-app.js';

/** From now on the application fails as the text says, and for feedback to the answer `break`: as a fault of ours. */
export function failOnDemand(service: SliceApp): SliceApp {
  const { executor } = service;
  const answered = service.get(AnsweredTexts);
  const find = answered.find.bind(answered);
  answered.find = (requestId, index) => {
    if (requestId === 'break') throw new Error('the secret is 4711');
    return find(requestId, index);
  };
  const submit = executor.submit.bind(executor);
  executor.submit = (items, priority) => {
    const texts = items.map(({ text }) => text);
    if (texts.includes('break')) throw new Error('the secret is 4711');
    if (texts.includes('fail')) return texts.map(() => failed('INFERENCE_FAILED'));
    if (texts.includes('late')) return texts.map(() => failed('DEADLINE_EXCEEDED'));
    if (texts.includes('overload'))
      throw new AppError('OVERLOADED', 'The queue is full.', { retryAfterMs: 1200 });
    if (texts.includes('shutting down')) throw new AppError('SHUTTING_DOWN', 'This instance is going away.');
    return submit(items, priority);
  };
  return service;
}

const failed = (code: 'DEADLINE_EXCEEDED' | 'INFERENCE_FAILED'): Computation => ({
  outcome: Promise.resolve({ ok: false, error: new AppError(code, 'as the text wants') }),
  cancel: () => undefined,
});

/** From now on a text may say of which version it is to fail, or that no work but that of users is taken. */
export function failByVersion(service: SliceApp): SliceApp {
  const { executor } = service;
  const submit = executor.submit.bind(executor);
  executor.submit = (items, priority) => {
    const { text = '', version, origin } = items[0] ?? {};
    if (text.includes('busy') && (priority === 'background' || origin === 'internal'))
      throw new AppError('OVERLOADED', 'as the text wants');
    if (text.includes(`late on ${String(version?.version)}`)) return [failed('DEADLINE_EXCEEDED')];
    if (text.includes(`fail on ${String(version?.version)}`)) return [failed('INFERENCE_FAILED')];
    return submit(items, priority);
  };
  return service;
}
