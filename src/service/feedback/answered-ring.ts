/** The source of an answer. All answers of one version in one rollout share one source object. */
export interface AnsweredBy<Source> {
  readonly source: Source;
  /** The labels of the answer, by their index in the version's manifest. */
  readonly said: readonly number[];
  /** The hash of the text (as in seen-texts.ts), to recognise a text that comes again; 0 where it does not matter. */
  readonly textHash: bigint;
}

/** A kind of feedback about an answer. */
export type Told = 'label' | 'kpi';

const TOLD: Readonly<Record<Told, number>> = { label: 1, kpi: 2 };

/**
 * Keeps the last answers by name in bounded memory. An answer is dropped when there are too many newer ones or when it
 * is too old. A name that is used again means the earlier answer as long as that answer is kept: a client that reuses the
 * name must not take over the feedback about another client's answer.
 */
export class AnsweredRing<Source> {
  private readonly places = new Map<string, number>();
  private readonly names: string[] = [];
  private readonly sources: Source[] = [];
  private readonly said: (readonly number[])[] = [];
  private readonly textHashes: BigUint64Array;
  private readonly told: Uint8Array;
  private readonly keptAt: Float64Array;
  private next = 0;

  /** @param maxAnswers at least 1 */
  constructor(
    private readonly maxAnswers: number,
    private readonly ttlMs: number,
  ) {
    this.textHashes = new BigUint64Array(maxAnswers);
    this.told = new Uint8Array(maxAnswers);
    this.keptAt = new Float64Array(maxAnswers);
  }

  get size(): number {
    return this.places.size;
  }

  /** @param now milliseconds of a monotonic clock, as in all methods here */
  keep(name: string, { source, said, textHash }: AnsweredBy<Source>, now: number): void {
    if (this.placeOf(name, now) !== undefined) return;
    const place = this.next;
    this.next = (place + 1) % this.maxAnswers;
    const before = this.names[place];
    if (before !== undefined && this.places.get(before) === place) this.places.delete(before);
    this.names[place] = name;
    this.sources[place] = source;
    this.said[place] = said;
    this.textHashes[place] = textHash;
    this.told[place] = 0;
    this.keptAt[place] = now;
    this.places.set(name, place);
  }

  /** The answer of a name; undefined when it was never kept or has been dropped. */
  find(name: string, now: number): AnsweredBy<Source> | undefined {
    const place = this.placeOf(name, now);
    const source = place === undefined ? undefined : this.sources[place];
    if (place === undefined || source === undefined) return undefined;
    return { source, said: this.said[place] ?? [], textHash: this.textHashes[place] ?? 0n };
  }

  /** Records feedback about an answer; true when it is the first of its kind for this answer. */
  tell(name: string, what: Told, now: number): boolean {
    const place = this.placeOf(name, now);
    if (place === undefined) return false;
    const before = this.told[place] ?? 0;
    this.told[place] = before | TOLD[what];
    return (before & TOLD[what]) === 0;
  }

  private placeOf(name: string, now: number): number | undefined {
    const place = this.places.get(name);
    if (place === undefined) return undefined;
    return now - (this.keptAt[place] ?? 0) > this.ttlMs ? undefined : place;
  }
}
