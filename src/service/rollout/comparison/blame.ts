import type { ErrorCode } from '../../../base/errors/codes.js';

/**
 * Errors that count against the version that should have answered. Not DEADLINE_EXCEEDED, OVERLOADED and what says that
 * the service is not ready or leaving: those say how busy the service was, and a version whose answers are not in the
 * cache yet meets them more often than one whose are. A slow version shows in its worker time, and one that hangs in the
 * texts that its workers are lost with (InferencePoolStatus.onLoss).
 */
const BLAMED: ReadonlySet<ErrorCode> = new Set(['INFERENCE_FAILED', 'INTERNAL']);

export const isToBlame = (code: ErrorCode): boolean => BLAMED.has(code);
