import type { RawAnswer, Silence } from '../client/predict-connections.js';
import { failureCode } from '../client/request-failed.js';
import { parseObject } from '../client/service-client.js';
import type { Exchange } from '../traffic/reply.js';

/** The outcome of one request of a load. */
export type BenchReply =
  | {
      readonly ok: true;
      readonly isHit: boolean;
      /** Null when the answer does not say. */
      readonly tokens: number | null;
      /**
       * The raw header, parsed after the load, because the generator may share the processor with the
       * service.
       */
      readonly serverTiming: string | null;
    }
  | { readonly ok: false; readonly code: string };

export type BenchExchange = Exchange<BenchReply>;

/**
 * Any server's prediction will do, also one without timings, tokens and cache: a 200 with a JSON object.
 */
export function readAnswer(answer: RawAnswer | Silence): BenchReply {
  if (typeof answer === 'string') return { ok: false, code: answer };
  const body = parseObject(answer.content) as Readonly<Record<string, unknown>> | null;
  if (answer.status !== 200) return { ok: false, code: failureCode(answer.status, body) };
  if (body === null) return { ok: false, code: 'UNREADABLE_ANSWER' };
  const { tokens, cache_hit: hit } = body;
  return {
    ok: true,
    isHit: hit === true,
    tokens: typeof tokens === 'number' ? tokens : null,
    serverTiming: answer.serverTiming ?? null,
  };
}
