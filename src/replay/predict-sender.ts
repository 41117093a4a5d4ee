import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { failureCode } from '../client/request-failed.js';
import { baseOf, parseObject } from '../client/service-client.js';
import type { Reply } from './reply.js';

/** Far above every deadline of a service: what has not answered by then will not. */
const NO_ANSWER_MS = 30_000;

export interface SenderOptions {
  readonly url: string;
  readonly apiKey: string | null;
  /** Undefined: the service's default model, and the version that its rollout picks. */
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly connections: number;
}

/**
 * Sends texts to POST /predict over kept connections, and reads where the answers came from. node:http rather than
 * fetch, which takes several times the CPU per request: on the machine of the service that time is the service's.
 */
export class PredictSender {
  private readonly url: URL;
  private readonly agent: HttpAgent;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(private readonly options: SenderOptions) {
    this.url = new URL('predict', baseOf(options.url));
    const Agent = this.url.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.agent = new Agent({ keepAlive: true, maxSockets: options.connections });
    this.headers = {
      'content-type': 'application/json',
      ...(options.apiKey !== null && { authorization: `Bearer ${options.apiKey}` }),
    };
  }

  /**
   * One request; never rejects.
   * @param routingKey who it is for: the key by which the canary is sticky; undefined: the text
   */
  async send(text: string, routingKey?: string): Promise<Reply> {
    const { model, version } = this.options;
    const body = JSON.stringify({ text, model, version });
    try {
      return await this.post(body, routingKey);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The service has closed an idle connection in the very moment: the request was not taken (Node's advice for
      // req.reusedSocket). A second time it is a failure.
      if (code !== IDLE_CLOSED) return { ok: false, code: code === NO_ANSWER ? NO_ANSWER : 'UNREACHABLE' };
    }
    return this.post(body, routingKey).catch(() => ({ ok: false, code: 'UNREACHABLE' }));
  }

  close(): void {
    this.agent.destroy();
  }

  private post(body: string, routingKey: string | undefined): Promise<Reply> {
    const request = this.url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = request(this.url, {
        method: 'POST',
        agent: this.agent,
        headers: {
          ...this.headers,
          ...(routingKey !== undefined && { 'x-routing-key': routingKey }),
          'content-length': Buffer.byteLength(body),
        },
        timeout: NO_ANSWER_MS,
      });
      sent.on('timeout', () => sent.destroy(Object.assign(new Error('no answer'), { code: NO_ANSWER })));
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const idle = sent.reusedSocket && error.code === 'ECONNRESET';
        reject(idle ? Object.assign(error, { code: IDLE_CLOSED }) : error);
      });
      sent.on('response', (response) => {
        readAll(response).then((content) => {
          resolve(replyOf(response.statusCode ?? 0, content, response.headers['server-timing']));
        }, reject);
      });
      sent.end(body);
    });
  }
}

const IDLE_CLOSED = 'IDLE_CLOSED';
const NO_ANSWER = 'NO_ANSWER';

async function readAll(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let content = '';
  for await (const chunk of response) content += chunk as string;
  return content;
}

/** `cache;desc=memory`, alone or in a list, with or without quotation marks. */
const CACHE_LEVEL = /(?:^|,)\s*cache;desc="?(memory|redis)\b/;

/**
 * What an answer says; one that is not a service's of this kind is a failure too.
 * @param serverTiming the header, which names the level of the cache; without it a hit is of an unnamed level
 */
export function replyOf(status: number, content: string, serverTiming: string | string[] | undefined): Reply {
  const body = parseObject(content) as Readonly<Record<string, unknown>> | null;
  if (status !== 200) return { ok: false, code: failureCode(status, body) };
  const { model_version: version, cache_hit: hit } = body ?? {};
  if (typeof version !== 'string' || typeof hit !== 'boolean')
    return { ok: false, code: 'UNREADABLE_ANSWER' };
  if (!hit) return { ok: true, source: 'model', version };
  const level = CACHE_LEVEL.exec(String(serverTiming ?? ''))?.[1];
  return { ok: true, source: level === 'memory' || level === 'redis' ? level : 'cache', version };
}
