import type { AppError } from '../../base/errors/app-error.js';
import type { Computation, Inference, InferenceItem } from '../../engine/dispatch/executor.js';
import type { Answer } from '../../engine/tasks/task.js';
import type { CacheKey } from './second-level.js';

/** A text that memory could not answer. */
export interface MissingText {
  readonly key: CacheKey;
  readonly item: InferenceItem;
}

/** How a flight ended. */
export type Landing =
  | {
      readonly ok: true;
      readonly row: Answer;
      /** Null when it was computed; `inference` then says where the time went. */
      readonly level: 'redis' | null;
      readonly inference: Inference | null;
      /** `performance.now()` when its result was there. */
      readonly at: number;
    }
  | {
      readonly ok: false;
      readonly error: AppError;
      /** Whoever led was not admitted. That says nothing about the text: who followed may try on its own. */
      readonly refused: boolean;
    };

/** Who waits for flights. */
export interface Passenger {
  /** Called once for each flight joined, unless it was left before. Must not throw. */
  landed(flight: Flight, landing: Landing): void;
}

/** One text on its way to an answer, with everybody who waits for it. */
export class Flight {
  /** To be computed, whatever the second level says. */
  afresh = false;
  computation: Computation | undefined;
  private ending: Landing | undefined;
  private readonly passengers = new Set<Passenger>();

  /** @param onAbandoned called when the last passenger has left before the landing */
  constructor(
    readonly text: MissingText,
    private readonly onAbandoned: (flight: Flight) => void,
  ) {}

  /** Undefined while it is in the air. */
  get landing(): Landing | undefined {
    return this.ending;
  }

  join(passenger: Passenger): void {
    if (this.ending === undefined) this.passengers.add(passenger);
    else passenger.landed(this, this.ending);
  }

  /** Others wait on; when nobody is left, what has not begun is not begun. */
  leave(passenger: Passenger, error: AppError): void {
    if (!this.passengers.delete(passenger) || this.passengers.size > 0) return;
    this.ending = { ok: false, error, refused: false };
    this.onAbandoned(this);
    this.computation?.cancel(error);
  }

  /** Tells everybody who waits. A flight lands once; a landing after that is ignored. */
  land(landing: Landing): void {
    if (this.ending !== undefined) return;
    this.ending = landing;
    for (const passenger of this.passengers) passenger.landed(this, landing);
    this.passengers.clear();
  }
}
