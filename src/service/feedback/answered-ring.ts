/** Who gave an answer; one object for all answers of one version in one rollout. */
export interface AnsweredBy<Source> {
  readonly source: Source;
  /** The labels that the text got, by their index in the version's manifest. */
  readonly said: readonly number[];
}

/** What has been told about an answer already. */
export type Told = 'label' | 'kpi';

const TOLD: Readonly<Record<Told, number>> = { label: 1, kpi: 2 };

/**
 * The last answers by their names, in bounded memory: the oldest goes when there are too many, or when it is too old.
 * A name that is used again means the later answer.
 */
export class AnsweredRing<Source> {
  private readonly places = new Map<string, number>();
  private readonly names: string[] = [];
  private readonly sources: Source[] = [];
  private readonly said: (readonly number[])[] = [];
  private readonly told: Uint8Array;
  private readonly keptAt: Float64Array;
  private next = 0;

  /** @param maxAnswers at least 1 */
  constructor(
    private readonly maxAnswers: number,
    private readonly ttlMs: number,
  ) {
    this.told = new Uint8Array(maxAnswers);
    this.keptAt = new Float64Array(maxAnswers);
  }

  get size(): number {
    return this.places.size;
  }

  /** @param now milliseconds of a monotonic clock, as everywhere here */
  keep(name: string, { source, said }: AnsweredBy<Source>, now: number): void {
    const place = this.next;
    this.next = (place + 1) % this.maxAnswers;
    const before = this.names[place];
    if (before !== undefined && this.places.get(before) === place) this.places.delete(before);
    this.names[place] = name;
    this.sources[place] = source;
    this.said[place] = said;
    this.told[place] = 0;
    this.keptAt[place] = now;
    this.places.set(name, place);
  }

  /** Undefined when it was never kept, or is forgotten by now. */
  find(name: string, now: number): AnsweredBy<Source> | undefined {
    const place = this.placeOf(name, now);
    const source = place === undefined ? undefined : this.sources[place];
    if (place === undefined || source === undefined) return undefined;
    return { source, said: this.said[place] ?? [] };
  }

  /** Whether this is told about the answer for the first time; it has been told from now on. */
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
