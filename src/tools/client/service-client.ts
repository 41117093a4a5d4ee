import { StartError } from '../../base/errors/start-error.js';
import type { Problem } from '../../base/errors/problem.js';
import { failureCode, noAnswer, RequestFailed, unusable } from './request-failed.js';

/** The fields of a version in GET /models that the commands need. */
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
  /** Most ms that an answer may take which takes no computing; undefined: {@link QUICK_ANSWER_MS}. */
  readonly quickAnswerMs?: number;
}

/**
 * Far longer than the service takes while a disk or Redis hangs; a person does not wait longer without
 * output.
 */
const QUICK_ANSWER_MS = 15_000;

/** A running service, over HTTP. Each method is one request and never repeats it. */
export class ServiceClient {
  readonly url: string;
  private readonly base: string;
  private readonly quickMs: number;

  constructor(private readonly options: ClientOptions) {
    this.url = options.url;
    this.quickMs = options.quickAnswerMs ?? QUICK_ANSWER_MS;
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
   * @param limitMs null where the answer takes as long as the service's own deadline lets it
   * @throws RequestFailed
   */
  post(route: string, body: object, limitMs: number | null = this.quickMs): Promise<object> {
    return this.request(route, { method: 'POST', body: JSON.stringify(body) }, limitMs);
  }

  /** Reads a JSON document. @throws RequestFailed */
  get(route: string): Promise<object> {
    return this.request(route, {});
  }

  /** Puts a JSON document and reads one. @throws RequestFailed */
  put(route: string, body: object): Promise<object> {
    return this.request(route, { method: 'PUT', body: JSON.stringify(body) });
  }

  /** A service that is stopped accepts connections all the same, for the kernel does it: an answer has its time. */
  private async request(
    route: string,
    init: RequestInit,
    limitMs: number | null = this.quickMs,
  ): Promise<object> {
    const { apiKey, signal } = this.options;
    const late = new AbortController();
    const limit =
      limitMs === null
        ? undefined
        : setTimeout(() => {
            late.abort();
          }, limitMs);
    let response: Response;
    let body: string;
    try {
      response = await fetch(new URL(route, this.base), {
        ...init,
        signal: AbortSignal.any([signal, late.signal]),
        headers: {
          'cache-control': 'no-cache',
          'content-type': 'application/json',
          ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
        },
      });
      body = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      if (late.signal.aborted) throw noAnswer(this.url, limitMs ?? 0);
      throw new RequestFailed(0, 'UNREACHABLE', reasonOf(error as Error));
    } finally {
      clearTimeout(limit);
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
