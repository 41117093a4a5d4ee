import { AppError } from '../../src/base/errors/app-error.js';
import { AnsweredTexts } from '../../src/service/feedback/answered-texts.js';
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
    if (texts.includes('fail')) {
      const error = new AppError('INFERENCE_FAILED', 'The model could not process this text.');
      return texts.map(() => ({ outcome: Promise.resolve({ ok: false, error }), cancel: () => undefined }));
    }
    if (texts.includes('overload'))
      throw new AppError('OVERLOADED', 'The queue is full.', { retryAfterMs: 1200 });
    if (texts.includes('shutting down')) throw new AppError('SHUTTING_DOWN', 'This instance is going away.');
    return submit(items, priority);
  };
  return service;
}
