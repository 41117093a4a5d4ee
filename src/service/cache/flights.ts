import { AppError } from '../../base/errors/app-error.js';
import type { Computation, InferenceItem, Turn } from '../../engine/dispatch/executor.js';
import type { Answer } from '../../engine/tasks/task.js';
import { Flight, type Landing, type MissingText } from './flight.js';
import { inScope, type CacheKey, type PurgeScope } from './second-level.js';

export interface FlightPorts {
  /** All or nothing. @throws AppError when they are not admitted */
  submit(items: readonly InferenceItem[]): Computation[];
  /** Asks the second level, which never rejects; null when there is none. */
  readonly lookUp: ((keys: readonly CacheKey[]) => Promise<readonly (Answer | undefined)[]>) | null;
  /** Keeps an answer; resolves once a look-up in memory finds it. Null when nothing is kept. */
  readonly keep: ((key: CacheKey, landing: Landing & { readonly ok: true }) => Promise<void>) | null;
}

const withTurn = (
  { version, text, view }: InferenceItem,
  { client, origin, priority, deadlineAt }: Turn,
): InferenceItem => ({ version, text, ...(view && { view }), client, origin, priority, deadlineAt });

/**
 * The single flight: equal texts for the same version share one look-up in the second level and one computation, within
 * a batch and across requests, whether anything is cached or not. Nothing else in the service does this.
 */
export class Flights {
  private readonly airborne = new Map<string, Flight>();

  constructor(private readonly ports: FlightPorts) {}

  /** The flight that a text may join: it is in the air, or has landed and is being written to memory. */
  find(id: string): Flight | undefined {
    // Nearly always so where most requests are hits: they need not look.
    return this.airborne.size === 0 ? undefined : this.airborne.get(id);
  }

  /**
   * Starts one flight per text, in order; the texts are distinct. All of them can be found when it returns, so that
   * nobody starts another meanwhile.
   * @param lookUp whether the second level is asked first
   * @param turn of the request that they are started for
   * @throws AppError when it was not asked and the texts are not admitted; no flight has then been started. When it
   *   was asked, the flights that need computing land as refused.
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

  /** What is in the air now was asked for before the purge: it is answered, but neither joined any more nor kept. */
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
      // All are forgotten before anybody is told, so that who tries again does not join one of them.
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
    flight.afresh = true;
    flight.computation = computation;
    void computation.outcome.then((outcome) => {
      this.land(flight, outcome);
    });
  }

  /** A flight that lands is found until memory has its answer: whoever looks finds one or the other. */
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
