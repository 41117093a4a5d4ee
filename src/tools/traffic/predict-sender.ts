import { PredictConnections, type ConnectionOptions } from '../client/predict-connections.js';
import { failureCode } from '../client/request-failed.js';
import { parseObject } from '../client/service-client.js';
import type { Reply } from './reply.js';

export interface SenderOptions extends ConnectionOptions {
  /** Undefined: the service's default model, and the version that its rollout picks. */
  readonly model: string | undefined;
  readonly version: string | undefined;
}

/** Sends texts to POST /predict and reads where the answers came from. */
export class PredictSender {
  private readonly connections: PredictConnections;

  constructor(private readonly options: SenderOptions) {
    this.connections = new PredictConnections(options);
  }

  /**
   * One request; never rejects.
   * @param routingKey who it is for: the key by which the canary is sticky; undefined: the text
   */
  async send(text: string, routingKey?: string): Promise<Reply> {
    const { model, version } = this.options;
    const answer = await this.connections.post(JSON.stringify({ text, model, version }), routingKey);
    if (typeof answer === 'string') return { ok: false, code: answer };
    return replyOf(answer.status, answer.content, answer.serverTiming);
  }

  close(): void {
    this.connections.close();
  }
}

/** `cache;desc=memory`, alone or in a list, with or without quotation marks. */
const CACHE_LEVEL = /(?:^|,)\s*cache;(?:[^,]*;)?\s*desc="?(memory|redis)\b/;

/**
 * What an answer says; one that is not a service's of this kind is a failure too.
 * @param serverTiming the header, which names the level of the cache; without it a hit is of an unnamed level
 */
export function replyOf(status: number, content: string, serverTiming: string | undefined): Reply {
  const body = parseObject(content) as Readonly<Record<string, unknown>> | null;
  if (status !== 200) return { ok: false, code: failureCode(status, body) };
  const { model_version: version, cache_hit: hit } = body ?? {};
  if (typeof version !== 'string' || typeof hit !== 'boolean')
    return { ok: false, code: 'UNREADABLE_ANSWER' };
  if (!hit) return { ok: true, source: 'model', version };
  const level = CACHE_LEVEL.exec(serverTiming ?? '')?.[1];
  return { ok: true, source: level === 'memory' || level === 'redis' ? level : 'cache', version };
}
