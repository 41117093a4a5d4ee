import { AppError } from '../../base/errors/app-error.js';
import type { Computation, InferenceItem, Turn } from '../../engine/dispatch/executor.js';
import type { Answer } from '../../engine/tasks/task.js';
import { FIRST_WINDOW } from '../../engine/view.js';
import { Flight, type Landing, type MissingText } from './flight.js';
import { inScope, type CacheKey, type PurgeScope } from './second-level.js';

export interface FlightPorts {
  /** Admits all texts or none. @throws AppError when they are not admitted */
  submit(items: readonly InferenceItem[]): Computation[];
  /** Asks the second level; never rejects. Null when there is no second level. */
  readonly lookUp: ((keys: readonly CacheKey[]) => Promise<readonly (Answer | undefined)[]>) | null;
  /** Stores an answer; resolves once a look-up in memory finds it. Null when no cache is configured. */
  readonly keep: ((key: CacheKey, landing: Landing & { readonly ok: true }) => Promise<void>) | null;
}

const withTurn = (
  { version, text, view }: InferenceItem,
  { client, origin, priority, deadlineAt }: Turn,
): InferenceItem => ({ version, text, view: view ?? FIRST_WINDOW, client, origin, priority, deadlineAt });

/**
 * Equal texts for the same version share one look-up in the second level and one computation, within a batch and across
 * requests. This shared computation is called a flight. It also works when nothing is cached. No other class does this.
 */
export class Flights {
  private readonly airborne = new Map<string, Flight>();

  constructor(private readonly ports: FlightPorts) {}

  /** The flight that a text may join: it is running, or it has landed and its answer is being written to memory. */
  find(id: string): Flight | undefined {
    // When most requests are cache hits there is nearly always no flight: this saves them the look-up.
    return this.airborne.size === 0 ? undefined : this.airborne.get(id);
  }

  /**
   * Starts one flight per text, in order; the texts must be distinct. When it returns, find() returns every one of
   * these flights, so that no other request starts a second flight for the same text.
   * @param lookUp whether the second level is asked first
   * @param turn the turn of the request that needs the flights
   * @throws AppError when the texts are not admitted and the second level was not asked; no flight has been started
   *   then. When the second level was asked, the flights that need a computation land as refused instead.
   */
  start(texts: readonly MissingText[], lookUp: boolean, turn: Turn): Flight[] {
    if (lookUp && this.ports.lookUp !== null) {
      const flights = texts.map((text) => this.register(text, turn));
      void this.lookUpAndCompute(flights, this.ports.lookUp);
      return flights;
    }
    const computations = this.ports.submit(texts.map(({ item }) => withTurn(item, turn)));
    return texts.map((text, i) => {
      const flight = this.register(text, turn);
      this.compute(flight, computations[i]);
      return flight;
    });
  }

  /**
   * Running flights started before the purge: their callers get the answer, but no other caller joins them and the
   * answer is not kept.
   */
  purge(scope: PurgeScope): void {
    for (const flight of [...this.airborne.values()]) {
      if (inScope(flight.text.key, scope)) this.forget(flight);
    }
  }

  private register(text: MissingText, turn: Turn): Flight {
    const flight = new Flight(text, turn, (abandoned) => {
      this.forget(abandoned);
    });
    this.airborne.set(text.key.id, flight);
    return flight;
  }

  private isKnown(flight: Flight): boolean {
    return this.airborne.get(flight.text.key.id) === flight;
  }

  private forget(flight: Flight): void {
    if (this.isKnown(flight)) this.airborne.delete(flight.text.key.id);
  }

  private async lookUpAndCompute(
    flights: readonly Flight[],
    lookUp: NonNullable<FlightPorts['lookUp']>,
  ): Promise<void> {
    const answers = await lookUp(flights.map(({ text }) => text.key));
    const foundAt = performance.now();
    const missing: Flight[] = [];
    flights.forEach((flight, i) => {
      const answer = answers[i];
      if (flight.landing !== undefined) return;
      if (answer === undefined || flight.afresh) missing.push(flight);
      else this.land(flight, { ok: true, answer, foundAt });
    });
    if (missing.length === 0) return;
    let computations: Computation[];
    try {
      computations = this.ports.submit(missing.map(({ text, turn }) => withTurn(text.item, turn)));
    } catch (cause) {
      const error =
        cause instanceof AppError ? cause : new AppError('INTERNAL', 'The executor failed.', { cause });
      // Remove all flights before any of them lands, so that a passenger that tries again cannot join one of them.
      for (const flight of missing) this.forget(flight);
      for (const flight of missing) {
        flight.refused = true;
        flight.land({ ok: false, error });
      }
      return;
    }
    missing.forEach((flight, i) => {
      this.compute(flight, computations[i]);
    });
  }

  private compute(flight: Flight, computation: Computation | undefined): void {
    if (computation === undefined) {
      const error = new AppError(
        'INTERNAL',
        'The executor answered fewer computations than it was given texts.',
      );
      this.land(flight, { ok: false, error });
      return;
    }
    flight.began(computation);
    void computation.outcome.then((outcome) => {
      this.land(flight, outcome);
    });
  }

  /**
   * Keeps a landed flight findable until memory has its answer, so that every look-up finds the flight or the answer.
   */
  private land(flight: Flight, landing: Landing): void {
    const forget = (): void => {
      this.forget(flight);
    };
    if (landing.ok && this.ports.keep !== null && this.isKnown(flight)) {
      this.ports.keep(flight.text.key, landing).then(forget, forget);
    } else {
      forget();
    }
    flight.land(landing);
  }
}
