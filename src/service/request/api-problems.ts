import { applyDecorators, type Type } from '@nestjs/common';
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
export const ApiProblems = (...codes: readonly ErrorCode[]): MethodDecorator & ClassDecorator =>
  problems(codes, null);

/**
 * The same, of a route that answers about several texts.
 * @param failed the body of an answer whose texts all failed for one reason that another attempt can change
 */
export const ApiBatchProblems = (
  failed: Type<object>,
  ...codes: readonly ErrorCode[]
): MethodDecorator & ClassDecorator => problems(codes, failed);

function problems(
  codes: readonly ErrorCode[],
  failed: Type<object> | null,
): MethodDecorator & ClassDecorator {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERROR_TABLE[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses = [...byStatus].map(([status, same]) => {
    const isRetryable = same.some((code) => ERROR_TABLE[code].retryable);
    return ApiResponse({
      status,
      description: same.map((code) => `\`${code}\`: ${ERROR_TABLE[code].meaning}`).join('\n\n'),
      headers: isRetryable ? RETRY_AFTER : {},
      content: {
        'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } },
        ...(isRetryable &&
          failed !== null && { 'application/json': { schema: { $ref: getSchemaPath(failed) } } }),
      },
    });
  });
  return applyDecorators(ApiExtraModels(ProblemDto, ...(failed === null ? [] : [failed])), ...responses);
}
