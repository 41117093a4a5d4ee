import type { ErrorCode } from '../../../base/errors/codes.js';

/**
 * Errors that count against the version that had to answer. DEADLINE_EXCEEDED, OVERLOADED, and errors of a service that
 * is not ready or is shutting down are not among them: they measure the load of the service, and a version whose
 * answers are not yet cached meets them more often. A slow version shows in its worker time, and a hanging one in the
 * texts that are lost with its workers (InferencePoolStatus.onLoss).
 */
const BLAMED: ReadonlySet<ErrorCode> = new Set(['INFERENCE_FAILED', 'INTERNAL']);

export const isToBlame = (code: ErrorCode): boolean => BLAMED.has(code);
