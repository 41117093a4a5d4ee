import { StartError } from '../errors/start-error.js';
import type { Problem } from '../errors/problem.js';
import { failureCode, RequestFailed, unusable } from './request-failed.js';

/** What GET /models tells of a version, as far as the commands need it. */
export interface ServedVersion {
  readonly version: string;
  readonly state: string;
  readonly role: string | null;
  readonly digest: string | null;
  readonly labels: readonly string[] | null;
  readonly max_tokens: number | null;
}

export interface ServedModel {
  readonly model_name: string;
  readonly default: boolean;
  readonly versions: readonly ServedVersion[];
}

export interface ClientOptions {
  /** Base of the routes; a path before them (`https://host/serin/`) is kept. */
  readonly url: string;
  readonly apiKey: string | null;
  readonly signal: AbortSignal;
}

/** A running service, over HTTP. Each method is one request and never repeats it. */
export class ServiceClient {
  readonly url: string;
  private readonly base: string;

  constructor(private readonly options: ClientOptions) {
    this.url = options.url;
    this.base = baseOf(options.url);
  }

  /**
   * GET /models, with which a command begins.
   * @throws StartError that says why the service cannot be used
   */
  async models(): Promise<readonly ServedModel[]> {
    let answer: object;
    try {
      answer = await this.request('models', {});
    } catch (error) {
      throw error instanceof RequestFailed ? unusable(error) : error;
    }
    const { models } = answer as { models?: readonly ServedModel[] };
    if (!Array.isArray(models)) throw notSerin(this.url);
    return models as readonly ServedModel[];
  }

  /**
   * Posts a JSON document and reads one. The cache is passed by: an answer is computed now.
   * @throws RequestFailed
   */
  post(route: string, body: object): Promise<object> {
    return this.request(route, { method: 'POST', body: JSON.stringify(body) });
  }

  /** Reads a JSON document. @throws RequestFailed */
  get(route: string): Promise<object> {
    return this.request(route, {});
  }

  /** Puts a JSON document and reads one. @throws RequestFailed */
  put(route: string, body: object): Promise<object> {
    return this.request(route, { method: 'PUT', body: JSON.stringify(body) });
  }

  private async request(route: string, init: RequestInit): Promise<object> {
    const { apiKey, signal } = this.options;
    let response: Response;
    let body: string;
    try {
      response = await fetch(new URL(route, this.base), {
        ...init,
        signal,
        headers: {
          'cache-control': 'no-cache',
          'content-type': 'application/json',
          ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
        },
      });
      body = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      throw new RequestFailed(0, 'UNREACHABLE', reasonOf(error as Error));
    }
    const json = parseObject(body);
    if (response.ok && json !== null) return json;
    throw failureOf(response, json);
  }
}

/** Base of the routes: a path before them (`https://host/serin`) is kept. */
export function baseOf(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

/** Something else listens there. */
export function notSerin(url: string): StartError {
  return new StartError(`What answers at ${url} does not answer as Serin does; --url names the service.`);
}

/** The JSON object that a body holds; null when it holds none. */
export function parseObject(body: string): object | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function failureOf(response: Response, json: object | null): RequestFailed {
  const { detail, retry_after_ms: bodyMs } = (json ?? {}) as Partial<Problem>;
  const headerS = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  const waitMs = bodyMs ?? (Number.isNaN(headerS) ? undefined : headerS * 1000);
  return new RequestFailed(
    response.status,
    failureCode(response.status, json),
    detail ?? `it answered ${response.status} ${response.statusText}`.trimEnd(),
    waitMs,
  );
}

/** `fetch failed` says nothing; its cause has the code of the system. */
function reasonOf(error: Error): string {
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}
