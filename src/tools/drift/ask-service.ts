import { setTimeout as delay } from 'node:timers/promises';
import { RequestFailed, unusable } from '../client/request-failed.js';
import { type ServiceClient, notSerin } from '../client/service-client.js';
import type { ServiceOutcome } from './text-outcome.js';
import type { Problem } from '../../base/errors/problem.js';

/**
 * Texts per request: few enough that a small machine answers them all within the default deadline of two seconds,
 * and far below the default MAX_TEXTS.
 */
const CHUNK_TEXTS = 32;
/** UTF-16 units per request: JSON takes up to six bytes for one, and the default MAX_BODY_BYTES is a million. */
const CHUNK_CHARS = 160_000;
/** Requests at once: one runs while the next is on its way. More would only queue, and displace real traffic. */
const LANES = 2;
const MAX_ATTEMPTS = 6;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;
/** No answer, too many requests, and what proxies and a service say that has no time. */
const WORTH_REPEATING = new Set([0, 429, 502, 503, 504]);
/** Refused once too often for these: the service had no room or time for the texts, and others may get an answer. */
const NO_ROOM = new Set([429, 503, 504]);
/** A single text may be to blame: too large, too slow, or one that the model cannot process. */
const WORTH_HALVING = new Set([400, 413, 500, 504]);

export interface Question {
  readonly model: string;
  readonly version: string;
  readonly texts: readonly string[];
  /** The one that the client sends. */
  readonly apiKey: string | null;
  readonly signal: AbortSignal;
  /** Called with the number of texts that have their outcome. */
  readonly onProgress: (done: number) => void;
}

/** Texts that are asked for in one request. */
interface Chunk {
  readonly indices: readonly number[];
  /** How often they were asked for in vain. */
  readonly attempts: number;
}

/**
 * Asks the service for every text, in small requests, and repeats what it had no room or no time for after the time
 * that it names; what it refuses six times is its outcome. A request that fails for one of its texts is halved, down
 * to that text.
 * @returns one outcome per text, in order
 * @throws StartError when the service cannot be asked
 */
export async function askService(client: ServiceClient, question: Question): Promise<ServiceOutcome[]> {
  return new Survey(client, question).run();
}

class Survey {
  private readonly outcomes: ServiceOutcome[];
  private readonly open: Chunk[];
  private readonly failed = new AbortController();
  private readonly stop: AbortSignal;
  private settled = 0;

  constructor(
    private readonly client: ServiceClient,
    private readonly question: Question,
  ) {
    this.outcomes = new Array<ServiceOutcome>(question.texts.length);
    this.open = chunksOf(question.texts);
    this.stop = AbortSignal.any([question.signal, this.failed.signal]);
  }

  async run(): Promise<ServiceOutcome[]> {
    try {
      await Promise.all(Array.from({ length: LANES }, () => this.lane()));
    } catch (error) {
      this.failed.abort();
      throw error;
    }
    return this.outcomes;
  }

  private async lane(): Promise<void> {
    for (let chunk = this.open.shift(); chunk !== undefined; chunk = this.open.shift()) {
      this.stop.throwIfAborted();
      try {
        await this.ask(chunk);
      } catch (error) {
        if (!(error instanceof RequestFailed)) throw error;
        await this.failedRequest(chunk, error);
      }
    }
  }

  private async ask({ indices, attempts }: Chunk): Promise<void> {
    const { model, version, texts } = this.question;
    const asked = indices.map((index) => texts[index] ?? '');
    const answers = await predictBatch(this.client, model, version, asked);
    const late: number[] = [];
    answers.forEach((outcome, i) => {
      const index = indices[i] ?? 0;
      const again = !outcome.ok && outcome.code === 'DEADLINE_EXCEEDED' && attempts + 1 < MAX_ATTEMPTS;
      if (again) late.push(index);
      else this.settle(index, outcome);
    });
    if (late.length === 0) return;
    await this.wait(backoffMs(attempts));
    for (const index of late) this.open.push({ indices: [index], attempts: attempts + 1 });
  }

  private async failedRequest({ indices, attempts }: Chunk, error: RequestFailed): Promise<void> {
    const { status, code, message, retryAfterMs } = error;
    const neverHere = code === 'VERSION_NOT_READY';
    if (WORTH_HALVING.has(status) && indices.length > 1) {
      const middle = Math.ceil(indices.length / 2);
      this.open.push(
        { indices: indices.slice(0, middle), attempts },
        { indices: indices.slice(middle), attempts },
      );
    } else if (WORTH_REPEATING.has(status) && !neverHere && attempts + 1 < MAX_ATTEMPTS) {
      await this.wait(Math.min(retryAfterMs ?? backoffMs(attempts), LONGEST_WAIT_MS));
      this.open.push({ indices, attempts: attempts + 1 });
    } else if (WORTH_HALVING.has(status) || (NO_ROOM.has(status) && !neverHere)) {
      for (const index of indices) this.settle(index, { ok: false, code, message });
    } else {
      throw unusable(error, this.question.apiKey);
    }
  }

  private settle(index: number, outcome: ServiceOutcome): void {
    this.outcomes[index] = outcome;
    this.question.onProgress(++this.settled);
  }

  private async wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.stop });
  }
}

/** Half of it at random: two lanes that were refused together do not come back together. */
function backoffMs(attempts: number): number {
  return FIRST_WAIT_MS * 2 ** attempts * (0.5 + Math.random() / 2);
}

function chunksOf(texts: readonly string[]): Chunk[] {
  const chunks: Chunk[] = [];
  let indices: number[] = [];
  let chars = 0;
  texts.forEach((text, index) => {
    const full = indices.length === CHUNK_TEXTS || chars + text.length > CHUNK_CHARS;
    if (full && indices.length > 0) {
      chunks.push({ indices, attempts: 0 });
      indices = [];
      chars = 0;
    }
    indices.push(index);
    chars += text.length;
  });
  if (indices.length > 0) chunks.push({ indices, attempts: 0 });
  return chunks;
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

/**
 * One outcome per text, in order, computed now.
 * @throws RequestFailed when the request as a whole is not answered
 */
export async function predictBatch(
  client: ServiceClient,
  model: string,
  version: string,
  texts: readonly string[],
): Promise<ServiceOutcome[]> {
  const { results } = (await client.post('predict_batch', { texts, model, version }, null)) as {
    results?: readonly BatchItem[];
  };
  if (!Array.isArray(results) || results.length !== texts.length) throw notSerin(client.url);
  return (results as readonly BatchItem[]).map(toOutcome);
}

function toOutcome(item: BatchItem): ServiceOutcome {
  if ('error' in item) return { ok: false, code: item.error.code, message: item.error.detail };
  const { label, score, tokens, truncated, model_version: version } = item;
  return { ok: true, label, score, tokens, truncated, version };
}
