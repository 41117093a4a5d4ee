import type { AppError } from '../../base/errors/app-error.js';
import type { Computation, InferenceItem, Outcome, Turn } from '../../engine/dispatch/executor.js';
import type { Answer } from '../../engine/tasks/task.js';
import type { CacheKey } from './second-level.js';

/** A text that memory could not answer. */
export interface MissingText {
  readonly key: CacheKey;
  readonly item: InferenceItem;
}

/** What the second level had. */
export interface Found {
  readonly ok: true;
  readonly answer: Answer;
  /** `performance.now()` when it was there. */
  readonly foundAt: number;
}

/** How a flight ended: with what the executor answered, as it stands, or with what the second level had. */
export type Landing = Outcome | Found;

/** Who waits for flights. */
export interface Passenger {
  readonly turn: Turn;
  /** Called once for each flight joined, unless it was left before. Must not throw. */
  landed(flight: Flight, landing: Landing): void;
}

/** Whether the first of two turns comes before the second. */
const isBefore = (a: Turn, b: Turn): boolean => a.priority === 'user' && b.priority !== 'user';

/** One text on its way to an answer, with everybody who waits for it. */
export class Flight {
  /** To be computed, whatever the second level says. */
  afresh = false;
  computation: Computation | undefined;
  /** The passenger who led was not admitted. That says nothing about the text: who followed may try on its own. */
  refused = false;
  private ending: Landing | undefined;
  private readonly passengers = new Set<Passenger>();

  /**
   * @param current the turn of the passenger for whom it starts
   * @param onAbandoned called when the last passenger has left before the landing
   */
  constructor(
    readonly text: MissingText,
    private current: Turn,
    private readonly onAbandoned: (flight: Flight) => void,
  ) {}

  /** Undefined while it is in the air. */
  get landing(): Landing | undefined {
    return this.ending;
  }

  /** The best turn among its passengers, with the latest of their deadlines. */
  get turn(): Turn {
    return this.current;
  }

  join(passenger: Passenger): void {
    if (this.ending !== undefined) {
      passenger.landed(this, this.ending);
      return;
    }
    this.passengers.add(passenger);
    this.setTurn(this.current, passenger.turn);
  }

  /** The other passengers keep waiting. When the last one leaves, a computation that has not started is cancelled. */
  leave(passenger: Passenger, error: AppError): void {
    if (!this.passengers.delete(passenger)) return;
    const [first, ...others] = this.passengers;
    if (first !== undefined) {
      this.setTurn(first.turn, ...others.map(({ turn }) => turn));
      return;
    }
    this.ending = { ok: false, error };
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

  private setTurn(first: Turn, ...others: readonly Turn[]): void {
    let best = first;
    let { deadlineAt } = first;
    for (const turn of others) {
      if (isBefore(turn, best)) best = turn;
      deadlineAt = Math.max(deadlineAt, turn.deadlineAt);
    }
    const { client, origin, priority } = best;
    const before = this.current;
    const isSame =
      before.client === client &&
      before.origin === origin &&
      before.priority === priority &&
      before.deadlineAt === deadlineAt;
    if (isSame) return;
    this.current = { client, origin, priority, deadlineAt };
    this.computation?.update?.(this.current);
  }
}
