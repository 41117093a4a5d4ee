import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ERROR_TABLE, type ErrorCode } from '../../base/errors/codes.js';
import { ProblemDto } from './problem.dto.js';

/** Documents the header of every answer that is worth a retry. */
export const RETRY_AFTER = {
  'retry-after': {
    description: 'Whole seconds to wait, at least 1.',
    schema: { type: 'integer' as const, minimum: 1 },
  },
};

/** Documents the error codes of a route, one response per status. */
export function ApiProblems(...codes: readonly ErrorCode[]): MethodDecorator & ClassDecorator {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERROR_TABLE[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses = [...byStatus].map(([status, same]) =>
    ApiResponse({
      status,
      description: same.map((code) => `\`${code}\`: ${ERROR_TABLE[code].meaning}`).join('\n\n'),
      headers: same.some((code) => ERROR_TABLE[code].retryable) ? RETRY_AFTER : {},
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
    }),
  );
  return applyDecorators(ApiExtraModels(ProblemDto), ...responses);
}
