import type { RedisConnection } from '../../redis/redis-connection.js';
import type { DistinctTexts } from '../../../rollout/evidence/rollout-evidence.js';
import { BITS_PER_TEXT, FILTER_BITS, MARK_TEXTS } from './shared-evidence-scripts.js';

/** Texts per call to Redis: about a millisecond of the server's time. */
const TEXTS_PER_QUESTION = 128;

/** Most pairs that wait for Redis. While Redis is away, further pairs are not counted. */
const MAX_WAITING = 10_000;

interface Waiting {
  readonly hash: bigint;
  readonly answer: (isNew: boolean) => void;
}

/**
 * The bits of a text (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006): all of them are derived from
 * the two halves of its hash.
 */
export function bitsOf(hash: bigint): string[] {
  const first = Number(hash & 0xffffffffn);
  // An odd step makes the bits of one text distinct.
  const step = Number(hash >> 32n) | 1;
  return Array.from({ length: BITS_PER_TEXT }, (_, i) => {
    const bit = (first + i * step) % FILTER_BITS;
    return String(bit < 0 ? bit + FILTER_BITS : bit);
  });
}

/**
 * Asks Redis which texts are new to every replica, with a Bloom filter of fixed size. The filter errs to one side only:
 * it may report a new text as counted (1 in 2,000 after a million texts), and this text is then not used as evidence.
 * No text is counted twice.
 */
export class SharedTexts implements DistinctTexts {
  private waiting: Waiting[] = [];

  constructor(
    private readonly redis: RedisConnection,
    private readonly keys: readonly [evidence: string, texts: string],
  ) {}

  ask(hash: bigint, answer: (isNew: boolean) => void): void {
    if (this.waiting.length < MAX_WAITING) this.waiting.push({ hash, answer });
  }

  /** Drops the waiting pairs without counting them. */
  forget(): void {
    this.waiting = [];
  }

  /** Asks about all waiting texts. @throws Error when Redis is away; texts without an answer keep waiting */
  async resolve(epoch: string): Promise<void> {
    while (this.waiting.length > 0) {
      const asked = this.waiting.slice(0, TEXTS_PER_QUESTION);
      const bits = asked.flatMap(({ hash }) => bitsOf(hash));
      const answers = await this.redis.run(MARK_TEXTS, this.keys, [epoch, ...bits]);
      if (answers.length < asked.length || this.waiting[0] !== asked[0]) return;
      this.waiting.splice(0, asked.length);
      for (const [i, { answer }] of asked.entries()) answer(answers[i] === true);
    }
  }
}
