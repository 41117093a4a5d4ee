import { AppError } from '../../src/base/errors/app-error.js';
import { FIRST_WINDOW } from '../../src/engine/view.js';
import { namedRanking } from '../../src/engine/tasks/classified.js';
import { textError } from '../../src/engine/text.js';
import type { Answered } from '../../src/service/answers/answers.js';
import type { Ask, TextResult } from '../../src/service/answers/ask.js';
import type { Dialect, Parsed } from '../../src/service/dialects/dialect.js';
import { type ClientRoute, KEY_IN_HEADERS } from '../../src/service/http/client-route.js';
import { Reply, type Stamp } from '../../src/service/request/reply.js';
import type { WireRequest } from '../../src/service/request/wire-request.js';

const PLAIN = { 'content-type': 'text/plain' };
const lineOf = (line: string): Buffer => Buffer.from(`${line}\n`);

/**
 * Bytes of text in, one line out. It shares POST /predict with the native routes, where a content type of `text/plain`
 * tells it, and has a path of its own, whose key may stand in the query.
 */
export class PlainDialect implements Dialect<null> {
  readonly name = 'plain';
  readonly prefixes = ['/plain/'];
  readonly routes: readonly ClientRoute[] = [
    { method: 'POST', path: '/predict', body: 'raw', key: KEY_IN_HEADERS, rate: true, asksModel: true },
    {
      ...{ method: 'POST', path: '/plain/:Version', body: 'raw', rate: true, asksModel: true },
      key: ({ query }) => (typeof query.key === 'string' ? query.key : undefined),
    },
  ];

  claims({ headers, path }: WireRequest): boolean {
    return path.startsWith('/plain/') || (headers['content-type'] ?? '').startsWith('text/plain');
  }

  parse({ headers, body, params }: WireRequest): Parsed<null> {
    if (/charset=(?!utf-8)/i.test(headers['content-type'] ?? '')) {
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The charset is not UTF-8.');
    }
    const text = (body as Buffer).toString();
    if (text === 'fault') throw new Error('a secret of the dialect');
    const problem = textError(text, 'the body');
    if (problem !== null) throw problem;
    const choice = {
      version: typeof params.Version === 'string' ? params.Version : undefined,
      routingKey: headers['x-routing-key'] as string | undefined,
      refresh: headers['cache-control'] === 'no-cache',
    };
    const ask = { text, view: FIRST_WINDOW, index: null };
    return { asks: [ask], choice, shape: null, texts: text };
  }

  reply({ results }: Answered, _: null, { requestId }: Stamp): Reply {
    const [result] = results;
    if (result?.ok !== true) throw result?.error ?? new Error('no result');
    const [best] = namedRanking(result.answer.value, result.item.version.manifest.labels, 1);
    const { version } = result.item.version;
    return new Reply(
      200,
      lineOf(`${version} ${best?.label ?? ''} ${String(best?.score)} ${requestId}`),
      PLAIN,
    );
  }

  problem(error: AppError, { requestId }: Stamp): Reply {
    return new Reply(error.status, lineOf(`${error.code} ${requestId}`), PLAIN);
  }
}

interface InputsBody {
  readonly inputs: unknown;
  readonly version?: string;
  readonly user?: string;
  readonly fresh?: boolean;
}

/** JSON with `inputs` on POST /predict: only its body tells it, which must be read as the native one. */
export class InputsDialect implements Dialect<boolean> {
  readonly name = 'inputs';
  readonly routes: readonly ClientRoute[] = [
    { method: 'POST', path: '/predict', body: 'json', key: KEY_IN_HEADERS, rate: true, asksModel: true },
  ];

  claims({ body }: WireRequest): boolean {
    return typeof body === 'object' && body !== null && 'inputs' in body;
  }

  parse({ body }: WireRequest): Parsed<boolean> {
    const { inputs, version, user, fresh } = body as InputsBody;
    const texts: readonly unknown[] = Array.isArray(inputs) ? inputs : [inputs];
    const asks = texts.map(
      (text, index): Ask | AppError =>
        textError(text, 'inputs') ?? { text: text as string, view: FIRST_WINDOW, index },
    );
    const choice = { version, routingKey: user, refresh: fresh === true };
    return { asks, choice, shape: Array.isArray(inputs), texts };
  }

  reply({ results }: Answered, isList: boolean): Reply {
    const body = results.map(scoresOf);
    return new Reply(200, isList ? body : (body[0] ?? []), { 'content-type': 'application/json' });
  }

  problem(error: AppError): Reply {
    return new Reply(error.status === 503 ? 429 : error.status, { error: error.message });
  }
}

const scoresOf = (result: TextResult): object =>
  result.ok
    ? namedRanking(result.answer.value, result.item.version.manifest.labels, Infinity)
    : { error: result.error.code };
