import { randomBytes } from 'node:crypto';

const VALID_REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** https://www.w3.org/TR/trace-context/: version 00 has exactly these four fields, later ones may append more. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;

const ID_BYTES = 16;
const POOL_IDS = 256;
let pool = '';
let next = 0;

/** 32 hexadecimal digits. Random bytes are drawn for many ids at once: one draw costs more than all the rest. */
function newRequestId(): string {
  if (next === pool.length) {
    pool = randomBytes(ID_BYTES * POOL_IDS).toString('hex');
    next = 0;
  }
  const id = pool.slice(next, next + 2 * ID_BYTES);
  next += 2 * ID_BYTES;
  return id;
}

/** The client's id when it is one that is safe to repeat in headers and logs, else a new one. */
export function requestIdFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && VALID_REQUEST_ID.test(header) ? header : newRequestId();
}

/** The trace id of a W3C `traceparent`; null when there is none or it is not valid. */
export function traceIdFrom(header: string | string[] | undefined): string | null {
  return typeof header === 'string' ? (TRACEPARENT.exec(header)?.[1] ?? null) : null;
}
