import { StartError } from '../errors/start-error.js';
import type { Problem } from '../errors/problem.js';
import type { ServiceOutcome } from './outcome.js';

/** A request that was not answered with 200. */
export class RequestFailed extends Error {
  /**
   * @param status HTTP status; 0 when no answer came
   * @param code of the problem; UNREACHABLE without an answer, HTTP_<status> when the answer is no problem of Serin's
   * @param retryAfterMs what the service asks to wait; undefined when it says nothing
   */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** What GET /models tells of a version, as far as drift needs it. */
export interface ServedVersion {
  readonly version: string;
  readonly state: string;
  readonly role: string | null;
  readonly digest: string | null;
  readonly max_tokens: number | null;
}

export interface ServedModel {
  readonly model_name: string;
  readonly default: boolean;
  readonly versions: readonly ServedVersion[];
}

/** One entry of `results` in the answer of POST /predict_batch. */
type BatchItem =
  | {
      readonly label: string;
      readonly score: number;
      readonly tokens: number;
      readonly truncated: boolean;
      readonly model_version: string;
    }
  | { readonly error: Problem };

export interface ClientOptions {
  /** Base of the routes; a path before them (`https://host/serin/`) is kept. */
  readonly url: string;
  readonly apiKey: string | null;
  readonly signal: AbortSignal;
}

/** A running service, over HTTP. Each method is one request and never repeats it. */
export class ServiceClient {
  private readonly base: string;

  constructor(private readonly options: ClientOptions) {
    this.base = options.url.endsWith('/') ? options.url : `${options.url}/`;
  }

  /** @throws RequestFailed */
  async models(): Promise<readonly ServedModel[]> {
    const { models } = (await this.request('models', {})) as { models?: readonly ServedModel[] };
    if (!Array.isArray(models)) throw notSerin(this.options.url);
    return models as readonly ServedModel[];
  }

  /**
   * One outcome per text, in order. The cache is passed by: an answer is computed now.
   * @throws RequestFailed
   */
  async predict(model: string, version: string, texts: readonly string[]): Promise<ServiceOutcome[]> {
    const { results } = (await this.request('predict_batch', {
      method: 'POST',
      body: JSON.stringify({ texts, model, version }),
    })) as { results?: readonly BatchItem[] };
    if (!Array.isArray(results) || results.length !== texts.length) throw notSerin(this.options.url);
    return (results as readonly BatchItem[]).map(toOutcome);
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

function toOutcome(item: BatchItem): ServiceOutcome {
  if ('error' in item) return { ok: false, code: item.error.code, message: item.error.detail };
  const { label, score, tokens, truncated, model_version: version } = item;
  return { ok: true, label, score, tokens, truncated, version };
}

function notSerin(url: string): StartError {
  return new StartError(`What answers at ${url} does not answer as Serin does; --url names the service.`);
}

function parseObject(body: string): object | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function failureOf(response: Response, json: object | null): RequestFailed {
  const { code, detail, retry_after_ms: bodyMs } = (json ?? {}) as Partial<Problem>;
  const headerS = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  const waitMs = bodyMs ?? (Number.isNaN(headerS) ? undefined : headerS * 1000);
  return new RequestFailed(
    response.status,
    code ?? `HTTP_${response.status}`,
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
