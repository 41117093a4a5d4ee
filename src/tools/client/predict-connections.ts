import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { baseOf } from './service-client.js';

/** Far above every deadline of a service: a request without an answer by then will not get one. */
const NO_ANSWER_MS = 30_000;

export interface ConnectionOptions {
  readonly url: string;
  readonly apiKey: string | null;
  /** Open at once, at most. */
  readonly connections: number;
}

/** The raw reply, not yet judged. */
export interface RawAnswer {
  readonly status: number;
  readonly content: string;
  /** The header; undefined without one. */
  readonly serverTiming: string | undefined;
}

/** Why nothing came back; NO_ANSWER: none in time. */
export type Silence = 'UNREACHABLE' | 'NO_ANSWER';

/**
 * POST /predict over kept connections. node:http rather than fetch, which takes several times the CPU per request: on
 * the machine of the service that time is the service's.
 */
export class PredictConnections {
  private readonly url: URL;
  private readonly agent: HttpAgent;
  private readonly headers: Readonly<Record<string, string>>;

  constructor({ url, apiKey, connections }: ConnectionOptions) {
    this.url = new URL('predict', baseOf(url));
    const Agent = this.url.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.headers = {
      'content-type': 'application/json',
      ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
    };
  }

  /**
   * One request; never rejects.
   * @param routingKey who it is for: the key by which the canary is sticky; undefined: the text
   */
  async post(body: string, routingKey?: string): Promise<RawAnswer | Silence> {
    try {
      return await this.request(body, routingKey);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The service has closed an idle connection in the very moment: the request was not taken (Node's advice for
      // req.reusedSocket). A second time it is a failure.
      if (code !== IDLE_CLOSED) return code === NO_ANSWER ? NO_ANSWER : 'UNREACHABLE';
    }
    return this.request(body, routingKey).catch(() => 'UNREACHABLE');
  }

  close(): void {
    this.agent.destroy();
  }

  private request(body: string, routingKey: string | undefined): Promise<RawAnswer> {
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
          const timing = response.headers['server-timing'];
          const serverTiming = timing === undefined ? undefined : String(timing);
          resolve({ status: response.statusCode ?? 0, content, serverTiming });
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
