import type { IncomingHttpHeaders } from 'node:http';

/**
 * A request as wire formats see it; Express' own requests are such. The body is undefined until it has been read, then
 * parsed JSON, or the bytes of a raw one.
 */
export interface WireRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Decoded parts of the path, by their names in the route's template. */
  readonly params: Readonly<Record<string, string | readonly string[]>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Address of the client, behind a trusted proxy the one that it forwards. */
  readonly ip: string | undefined;
  readonly body: unknown;
}
