import { AppError } from '../../base/errors/app-error.js';

const FIELD = 'x-deadline-ms';
const MESSAGE = 'must be a whole number of milliseconds, at least 1';

/**
 * The time that a request may take, in milliseconds: the client may ask for less than the service grants, never for
 * more.
 * @throws AppError INVALID_REQUEST when the header is not a positive whole number
 */
export function timeoutFrom(header: string | string[] | undefined, grantedMs: number): number {
  if (header === undefined) return grantedMs;
  const wantedMs = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : 0;
  if (wantedMs < 1) {
    throw new AppError('INVALID_REQUEST', `${FIELD} ${MESSAGE}.`, {
      errors: [{ field: FIELD, message: MESSAGE }],
    });
  }
  return Math.min(wantedMs, grantedMs);
}
