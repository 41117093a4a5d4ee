import type { RedisConnection } from '../../redis/redis-connection.js';
import type { DistinctTexts } from '../../../rollout/evidence/rollout-evidence.js';
import { BITS_PER_TEXT, FILTER_BITS, MARK_TEXTS } from './shared-evidence-scripts.js';

/** Texts of one question: about a millisecond of the server's time. */
const TEXTS_PER_QUESTION = 128;

/** Pairs that wait for an answer, at most; while Redis is away further ones are not counted. */
const MAX_WAITING = 10_000;

interface Waiting {
  readonly hash: bigint;
  readonly answer: (isNew: boolean) => void;
}

/**
 * The bits that stand for a text (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006): two halves of its
 * hash make all of them.
 */
export function bitsOf(hash: bigint): string[] {
  const first = Number(hash & 0xffffffffn);
  // Odd: no two of the bits fall together.
  const step = Number(hash >> 32n) | 1;
  return Array.from({ length: BITS_PER_TEXT }, (_, i) => {
    const bit = (first + i * step) % FILTER_BITS;
    return String(bit < 0 ? bit + FILTER_BITS : bit);
  });
}

/**
 * Asks Redis which texts are new to all replicas: a Bloom filter of a fixed size. It errs to one side only: a text
 * that nobody has counted may be taken for a counted one (1 in 2,000 after a million texts), and is then no evidence.
 * None is ever counted twice.
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

  /** What waits is counted nowhere. */
  forget(): void {
    this.waiting = [];
  }

  /** Asks about all that waits. @throws Error when Redis is away: what has no answer yet keeps waiting */
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
