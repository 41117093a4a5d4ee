import type { SerinConfig } from '../../base/config/serin-config.js';
import { badField } from '../../base/errors/app-error.js';

/** Multiples of a batch's predicted work that are added to its deadline: another client may have every second turn. */
const TIMES_OF_WORK = 2;

/**
 * The milliseconds that the client gives its request; null when it does not say.
 * @throws AppError INVALID_REQUEST when the header is not a positive whole number
 */
export function wantedMsFrom(header: string | string[] | undefined): number | null {
  if (header === undefined) return null;
  const wantedMs = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : 0;
  if (wantedMs < 1) throw badField('x-deadline-ms', 'must be a whole number of milliseconds, at least 1');
  return wantedMs;
}

/** The time that a request about one text may take: the client may ask for less than is granted, never for more. */
export const timeoutOf = (wantedMs: number | null, grantedMs: number): number =>
  Math.min(wantedMs ?? grantedMs, grantedMs);

/**
 * The time that a request about several texts may take: what the client asks for, otherwise more the more work it is.
 * @param aloneMs predicted milliseconds of the texts on an idle service
 */
export const batchTimeoutOf = (
  wantedMs: number | null,
  aloneMs: () => number,
  { requestTimeoutMs, batchTimeoutMaxMs }: Pick<SerinConfig, 'requestTimeoutMs' | 'batchTimeoutMaxMs'>,
): number => Math.min(wantedMs ?? requestTimeoutMs + TIMES_OF_WORK * aloneMs(), batchTimeoutMaxMs);
