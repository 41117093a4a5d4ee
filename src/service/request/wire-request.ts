import type { IncomingHttpHeaders } from 'node:http';

/**
 * A request as wire formats see it; an Express request has this form. The body is undefined until it has been read;
 * then it is parsed JSON, or the bytes of a raw body.
 */
export interface WireRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Decoded path parameters, by their names in the route's template. */
  readonly params: Readonly<Record<string, string | readonly string[]>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Address of the client; behind a trusted proxy the address that the proxy forwards. */
  readonly ip: string | undefined;
  readonly body: unknown;
}
