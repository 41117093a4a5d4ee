import { cacheKeyOf } from '../../src/service/cache/cache-key.js';
import type { Answer } from '../../src/engine/tasks/task.js';
import type { Flight, MissingText } from '../../src/service/cache/flight.js';
import { Flights } from '../../src/service/cache/flights.js';
import { RequestWait, type Seat } from '../../src/service/cache/request-wait.js';
import type { Departure } from '../../src/service/request/departure.js';
import type { CacheKey } from '../../src/service/cache/second-level.js';
import { AppError } from '../../src/base/errors/app-error.js';
import type {
  Computation,
  Inference,
  InferenceItem,
  Outcome,
  Turn,
} from '../../src/engine/dispatch/executor.js';
import type { ModelVersion } from '../../src/registry/model-version.js';

export const version = { model: 'm', version: 'v1', digest: 'd'.repeat(64) } as ModelVersion;
export const missing = (text: string): MissingText => ({
  key: cacheKeyOf(version, text),
  item: { version, text },
});
export const OVERLOADED = new AppError('OVERLOADED', 'full');
export const SLOW = performance.now() + 60_000;
export const TURN: Turn = { client: 'key:a', origin: 'user', priority: 'user', deadlineAt: SLOW };

const answerOf = (tokens: number): Answer => ({ value: { scores: [1] }, tokens, truncated: false });

const inferenceOf = (tokens: number): Inference => ({
  answer: answerOf(tokens),
  ...{ queueMs: 0, transferMs: 0, tokenizeMs: 0, inferenceMs: 0, batchSize: 1 },
  ...{ admittedAt: 0, resultAt: 0 },
});

/** An executor and a second level that answer when the test says so. */
export class Bench {
  readonly submitted: string[] = [];
  readonly cancelled: string[] = [];
  /** Texts with the clients that joined their computations. */
  readonly shared: string[] = [];
  readonly kept: string[] = [];
  /** The turn of each text that was submitted, as the executor was last told it. */
  readonly turns = new Map<string, object>();
  refuse = false;
  /** Texts that may be submitted at once. */
  room = Infinity;
  /** Called with the rows of the look-up in the second level, which waits until then. */
  answerLookUp: ((rows: (Answer | undefined)[]) => void) | undefined;
  readonly flights: Flights;
  private readonly running = new Map<string, ((outcome: Outcome) => void)[]>();
  private finishKeeping: () => void = () => undefined;

  constructor({ secondLevel = false, cache = true } = {}) {
    this.flights = new Flights({
      submit: (items) => this.submit(items),
      lookUp: secondLevel ? () => new Promise((resolve) => (this.answerLookUp = resolve)) : null,
      keep: cache ? (key) => this.keep(key) : null,
    });
  }

  /** What the cache does: joins what is in the air, starts the rest, and waits. */
  request(
    texts: readonly string[],
    { departure, ...turnOf }: { departure?: Departure } & Partial<Turn> = {},
  ): Promise<Ended> {
    const turn = { ...TURN, ...turnOf };
    const wanted = texts.map(missing);
    const found = wanted.map(({ key }) => this.flights.find(key.id));
    const toStart = wanted.filter((_, i) => found[i] === undefined);
    const started = toStart.length === 0 ? [] : this.flights.start(toStart, true, turn);
    const seats = wanted.map((text, index): Seat => {
      const flight = found[index] ?? started[toStart.indexOf(text)];
      if (flight === undefined) throw new Error('no flight');
      return { ...text, index, flight, leads: found[index] === undefined };
    });
    const wait = new RequestWait({ ...turn, ...(departure && { departure }) }, seats, (seat) => {
      const flight = this.flights.find(seat.key.id);
      seat.leads = flight === undefined;
      const [own] = flight === undefined ? this.flights.start([seat], false, turn) : [flight];
      if (own !== undefined) seat.flight = own;
    });
    return wait.until().then((gaveUp) => seats.map(({ flight }) => resultOf(flight, gaveUp)));
  }

  finish(text: string, outcome: Outcome = { ok: true, value: inferenceOf(text.length) }): void {
    for (const settle of this.running.get(text) ?? []) settle(outcome);
  }

  /** The memory has the entry now. */
  keepingDone(): void {
    this.finishKeeping();
  }

  private submit(items: readonly InferenceItem[]): Computation[] {
    if (this.refuse || items.length > this.room) throw OVERLOADED;
    return items.map(({ text, client, origin, priority, deadlineAt }) => {
      this.submitted.push(text);
      this.turns.set(text, { client, origin, priority, deadlineAt });
      return {
        outcome: new Promise<Outcome>((resolve) => {
          this.running.set(text, [...(this.running.get(text) ?? []), resolve]);
        }),
        cancel: (error) => {
          this.cancelled.push(text);
          this.finish(text, { ok: false, error });
        },
        share: (client) => {
          this.shared.push(`${text} ${client}`);
        },
        update: (changed) => {
          this.turns.set(text, changed);
        },
      };
    });
  }

  private keep({ id }: CacheKey): Promise<void> {
    this.kept.push(id);
    return new Promise((resolve) => (this.finishKeeping = resolve));
  }
}

type Ended = (number | string)[];

/** Tokens of the answer, which the tests make the length of the text; or the code of the error. */
function resultOf({ landing }: Flight, gaveUp: AppError | undefined): number | string {
  if (landing?.ok !== true) return (landing?.error ?? gaveUp)?.code ?? '?';
  return ('foundAt' in landing ? landing : landing.value).answer.tokens;
}

export const settled = async (): Promise<void> => {
  await new Promise(setImmediate);
};
export const idOf = (text: string): string => missing(text).key.id;
