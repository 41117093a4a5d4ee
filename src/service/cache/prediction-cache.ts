import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { AppError } from '../../base/errors/app-error.js';
import {
  Executor,
  type Inference,
  type InferenceItem,
  type Priority,
  type Turn,
} from '../../engine/dispatch/executor.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { CacheMetrics } from '../observability/cache-metrics.js';
import type { Answer } from '../../engine/tasks/task.js';
import type { Caller } from '../request/caller.js';
import { cacheKeyOf } from './cache-key.js';
import type { Flight, Landing, MissingText } from './flight.js';
import { Flights } from './flights.js';
import { MemoryLevel } from './memory-level.js';
import { RequestWait, type Seat } from './request-wait.js';
import { SECOND_LEVEL, type CacheKey, type PurgeScope, type SecondLevel } from './second-level.js';

/** The answer about one text. */
export interface CacheAnswer<Item extends InferenceItem = InferenceItem> {
  readonly ok: true;
  /** The text that was asked about. */
  readonly item: Item;
  readonly answer: Answer;
  /** The cache that answered; null when the answer was computed. */
  readonly level: 'memory' | 'redis' | null;
  /**
   * True when this text joined a look-up or computation that another text, of this request or another one, had started.
   */
  readonly joined: boolean;
  /** The computation with its timings; null unless it was started for this text. */
  readonly inference: Inference | null;
  /** Null when memory had the answer. */
  readonly times: FlightTimes | null;
}

/** Times of a text that memory did not have, on the clock of `performance.now()`. */
export interface FlightTimes {
  /**
   * When the look-ups ended: Redis had answered, the computation was admitted, or the text had joined another
   * computation.
   */
  readonly lookedUpAt: number;
  /** When the result arrived. */
  readonly resultAt: number;
}

/** The answer for one text, or the error. */
export type CacheOutcome<Item extends InferenceItem = InferenceItem> =
  CacheAnswer<Item> | { readonly ok: false; readonly item: Item; readonly error: AppError };

export interface Purged {
  /** Entries that memory held. */
  readonly entries: number;
  /** Whether the second level has removed its entries too; null when there is no second level. */
  readonly secondLevel: boolean | null;
}

/** States in which a version can no longer answer. */
const GONE: ReadonlySet<string> = new Set(['unloaded', 'failed']);

/**
 * Answers texts from memory, from the second level, or from the executor, in this order. An answer in memory needs no
 * permit and no worker, so memory answers even while the queue is full, workers restart or the service drains.
 */
@Injectable()
export class PredictionCache implements OnModuleInit {
  private readonly memory: MemoryLevel | null;
  private readonly flights: Flights;

  constructor(
    @Inject(SERIN_CONFIG)
    { cacheMaxItems: maxItems, cacheMaxBytes: maxBytes, cacheTtlMs: ttlMs }: SerinConfig,
    executor: Executor,
    private readonly registry: ModelRegistryService,
    private readonly metrics: CacheMetrics,
    @Inject(SECOND_LEVEL) private readonly secondLevel: SecondLevel | null,
  ) {
    const onRemoved = metrics.removed.bind(metrics);
    this.memory = maxItems === 0 ? null : new MemoryLevel({ maxItems, maxBytes, ttlMs, onRemoved });
    this.flights = new Flights({
      submit: (items) => executor.submit(items, priorityOf(items)),
      lookUp: this.memory && secondLevel && ((keys) => secondLevel.get(keys)),
      keep: this.memory && ((key, landing) => this.keep(key, landing)),
    });
  }

  onModuleInit(): void {
    const { memory } = this;
    if (memory !== null) this.metrics.setSizeSource(() => ({ entries: memory.entries, bytes: memory.bytes }));
    // Entries stay in the second level: other processes may still have this version loaded.
    this.registry.onStateChange(({ digest }, state) => {
      if (GONE.has(state)) this.purgeMemory({ versionDigest: digest });
    });
  }

  /**
   * Answers each text.
   * @param caller when `caller.refresh` is true, every text is computed again and its cache entries are replaced
   * @returns one outcome per text, in the order of the texts
   * @throws AppError from Executor.submit, when texts that must be computed are not admitted
   */
  async answer<Item extends InferenceItem>(
    items: readonly Item[],
    caller: CacheCaller,
  ): Promise<CacheOutcome<Item>[]> {
    const refresh = caller.refresh === true;
    const startedAt = performance.now();
    const keys = items.map(({ version, text, view }) => cacheKeyOf(version, text, view));
    // Look for flights before memory is asked: a flight may land and be removed while memory answers.
    const flights = keys.map(({ id }) => this.flights.find(id));
    const kept = this.memory === null || refresh ? [] : await lookUp(this.memory, keys);
    const outcomes = new Array<CacheOutcome<Item>>(items.length);
    const missing: Missing<Item>[] = [];
    items.forEach((item, index) => {
      const answer = kept[index];
      const key = keys[index];
      if (answer !== undefined)
        outcomes[index] = {
          ok: true,
          item,
          answer,
          level: 'memory',
          joined: false,
          inference: null,
          times: null,
        };
      else if (key !== undefined) missing.push({ index, item, key, known: flights[index] });
    });
    if (kept.length > 0) this.metrics.memoryLookup(performance.now() - startedAt);
    if (missing.length > 0) await this.fly(missing, caller, outcomes);
    this.count(outcomes, kept.length > 0);
    return outcomes;
  }

  /**
   * The answer that memory holds for a text. Computes nothing, does not ask the second level and counts no hit or miss.
   */
  async peek({ version, text, view }: InferenceItem): Promise<Answer | undefined> {
    return this.memory?.get(cacheKeyOf(version, text, view));
  }

  /**
   * Removes entries from every level. Answers that are being computed during the purge reach their callers but are not
   * kept.
   */
  async purge(scope: PurgeScope): Promise<Purged> {
    const entries = this.purgeMemory(scope);
    return { entries, secondLevel: (await this.secondLevel?.purge(scope)) ?? null };
  }

  private purgeMemory(scope: PurgeScope): number {
    this.flights.purge(scope);
    return this.memory?.purge(scope) ?? 0;
  }

  /** Fills in the outcomes of the texts that memory could not answer. */
  private async fly<Item extends InferenceItem>(
    missing: readonly Missing<Item>[],
    caller: CacheCaller,
    outcomes: CacheOutcome<Item>[],
  ): Promise<void> {
    const boardedAt = performance.now();
    if (boardedAt >= caller.deadlineAt || caller.departure?.hasLeft === true) {
      const error = new AppError(
        'DEADLINE_EXCEEDED',
        'The deadline of the request had passed before it was read.',
      );
      for (const { index, item } of missing) outcomes[index] = { ok: false, item, error };
      return;
    }
    const seats = this.board(missing, caller);
    const wait = new RequestWait(caller, seats, (seat) => {
      const flight = this.flights.find(seat.key.id);
      seat.leads = flight === undefined;
      seat.flight = flight ?? this.lead([seat], false, caller)[0] ?? seat.flight;
    });
    const gaveUp = await wait.until();
    for (const { index, item, flight, leads } of seats)
      outcomes[index] = outcomeOf({ item, leads, boardedAt }, flight.landing, gaveUp);
  }

  /** Gives each text a seat: on a flight that is already running, or on a new flight. */
  private board<Item extends InferenceItem>(
    missing: readonly Missing<Item>[],
    caller: CacheCaller,
  ): Seat<Item>[] {
    const refresh = caller.refresh === true;
    const leaders = new Map<string, Missing>();
    const joined = new Map<string, Flight>();
    for (const text of missing) {
      const { id } = text.key;
      if (joined.has(id) || leaders.has(id)) continue;
      const flight = this.joinable(text, refresh);
      if (flight === undefined) leaders.set(id, text);
      else joined.set(id, flight);
    }
    const led = this.lead([...leaders.values()], !refresh, caller);
    for (const flight of led) joined.set(flight.text.key.id, flight);
    return missing.map(({ index, item, key }) => {
      const flight = joined.get(key.id);
      if (flight === undefined) throw new Error('A text was given neither its own flight nor another one.');
      return { index, item, key, flight, leads: leaders.get(key.id)?.index === index };
    });
  }

  private lead(texts: readonly MissingText[], lookUp: boolean, turn: Turn): Flight[] {
    return texts.length === 0 ? [] : this.flights.start(texts, lookUp, turn);
  }

  /**
   * The flight that a text may join. A refresh may join only a flight that has not landed; if that flight is still
   * looking in the second level, `afresh` makes it compute.
   */
  private joinable({ key, known }: Pick<Missing, 'key' | 'known'>, refresh: boolean): Flight | undefined {
    const flight = this.flights.find(key.id) ?? known;
    if (flight === undefined || flight.landing?.ok === false) return undefined;
    if (!refresh) return flight;
    if (flight.landing !== undefined) return undefined;
    flight.afresh = true;
    return flight;
  }

  private async keep(key: CacheKey, landing: Landing & { readonly ok: true }): Promise<void> {
    const { answer } = 'foundAt' in landing ? landing : landing.value;
    await this.memory?.set({ key, answer });
    if (!('foundAt' in landing)) this.secondLevel?.put([{ key, answer }]);
  }

  /** Counts each text once: as a hit of a level, as joined to a computation, or as a miss. */
  private count(outcomes: readonly CacheOutcome[], lookedUp: boolean): void {
    let memory = 0;
    let redis = 0;
    let joins = 0;
    for (const outcome of outcomes) {
      if (!outcome.ok) continue;
      if (outcome.level === 'memory') memory++;
      else if (outcome.level === 'redis') redis++;
      else if (outcome.joined) joins++;
    }
    const misses = lookedUp ? outcomes.length - memory - redis - joins : 0;
    this.metrics.count({ memory, redis, joins, misses });
  }
}

/** The properties of the caller that decide which texts are computed, and when. */
export type CacheCaller = Turn & Pick<Caller, 'departure' | 'refresh'>;

interface Missing<Item extends InferenceItem = InferenceItem> extends MissingText {
  readonly item: Item;
  readonly index: number;
  /** The flight of this text that was running before memory was asked. */
  readonly known: Flight | undefined;
}

/**
 * Texts of one call are admitted together, at the highest priority among them: a user's text must not wait behind
 * background texts.
 */
const priorityOf = (items: readonly InferenceItem[]): Priority =>
  items.some(({ priority }) => priority !== 'background') ? 'user' : 'background';

/** Most requests have one text: that case avoids the list. */
async function lookUp(
  memory: MemoryLevel,
  keys: readonly CacheKey[],
): Promise<readonly (Answer | undefined)[]> {
  const [only] = keys;
  return keys.length === 1 && only !== undefined ? [await memory.get(only)] : memory.getMany(keys);
}

function outcomeOf<Item extends InferenceItem>(
  { item, leads, boardedAt }: { readonly item: Item; readonly leads: boolean; readonly boardedAt: number },
  landing: Landing | undefined,
  gaveUp: AppError | undefined,
): CacheOutcome<Item> {
  if (landing?.ok !== true) {
    const error = landing?.error ?? gaveUp;
    return {
      ok: false,
      item,
      error: error ?? new AppError('INTERNAL', 'A flight landed without an answer.'),
    };
  }
  const inference = 'foundAt' in landing ? null : landing.value;
  const at = 'foundAt' in landing ? landing.foundAt : landing.value.resultAt;
  const lookedUpAt = leads ? (inference?.admittedAt ?? at) : boardedAt;
  return {
    ok: true,
    item,
    answer: 'foundAt' in landing ? landing.answer : landing.value.answer,
    level: inference === null ? 'redis' : null,
    joined: !leads,
    inference: leads ? inference : null,
    // A caller that joined after the result arrived has not waited for it, so its result time is not before its start.
    times: { lookedUpAt, resultAt: Math.max(lookedUpAt, at) },
  };
}
