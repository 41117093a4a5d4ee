import { expect, it } from 'vitest';
import { AppError } from '../../../../src/base/errors/app-error.js';
import {
  attachShape,
  PROBLEM_JSON,
  problemReply,
  Reply,
  shapeOf,
} from '../../../../src/service/request/reply.js';
import { toAppError } from '../../../../src/service/request/to-app-error.js';

const STAMP = { requestId: 'r', latencyMs: 1 };
const LATE = new AppError('DEADLINE_EXCEEDED', 'late');

it('a problem has the shape that was attached to its response, and else the service’s own', () => {
  const response = {};
  expect(shapeOf(response)).toBe(PROBLEM_JSON);
  const shape = { problem: (error: AppError) => new Reply(429, { error: error.code }) };
  attachShape(response, shape);
  expect(problemReply(LATE, shapeOf(response), STAMP, toAppError)).toMatchObject({
    status: 429,
    body: { error: 'DEADLINE_EXCEEDED' },
  });
});

it('a shape that fails itself is replaced, and its fault is told and kept', () => {
  const faults: unknown[] = [];
  const broken = {
    problem: () => {
      throw new Error('a secret');
    },
  };
  const reply = problemReply(LATE, broken, STAMP, (cause) => {
    faults.push(cause);
    return toAppError(cause);
  });
  expect(reply).toMatchObject({ status: 500, body: { code: 'INTERNAL', request_id: 'r' } });
  expect(JSON.stringify(reply.body)).not.toContain('secret');
  expect(faults).toEqual([new Error('a secret')]);
});
