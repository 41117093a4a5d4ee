import { randomBytes } from 'node:crypto';

const VALID_REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * https://www.w3.org/TR/trace-context/: version 00 has exactly these four fields, later versions may append more, and
 * version ff does not exist. An id of zeros only is invalid.
 */
const TRACEPARENT =
  /^(?!ff)(?:00(?=.{53}$)|(?!00)[0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** The fields of a W3C `traceparent`, as hexadecimal digits. */
export interface TraceParent {
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits: the caller's span. */
  readonly parentSpanId: string;
  /** 2 digits. */
  readonly flags: string;
}

const POOL_BYTES = 4096;
const REQUEST_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
let pool = '';
let next = 0;

/**
 * Returns random hexadecimal digits. Random bytes are drawn for many ids at once, because one draw costs more than all
 * other steps.
 */
function randomDigits(count: number): string {
  if (next + count > pool.length) {
    pool = randomBytes(POOL_BYTES).toString('hex');
    next = 0;
  }
  const digits = pool.slice(next, next + count);
  next += count;
  return digits;
}

/** A new W3C span id: 16 hexadecimal digits, not all of them zero. */
export function newSpanId(): string {
  const id = randomDigits(SPAN_ID_DIGITS);
  return /^0+$/.test(id) ? newSpanId() : id;
}

/** The client's id when it is safe to repeat in headers and logs; otherwise a new id. */
export function requestIdFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && VALID_REQUEST_ID.test(header)
    ? header
    : randomDigits(REQUEST_ID_DIGITS);
}

/** Parses a W3C `traceparent`; null when it is missing or invalid. */
export function traceParentFrom(header: string | string[] | undefined): TraceParent | null {
  if (typeof header !== 'string') return null;
  const [, traceId, parentSpanId, flags] = TRACEPARENT.exec(header) ?? [];
  if (traceId === undefined || parentSpanId === undefined || flags === undefined) return null;
  return { traceId, parentSpanId, flags };
}
