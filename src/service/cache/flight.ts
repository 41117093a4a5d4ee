import type { AppError } from '../../base/errors/app-error.js';
import type { Computation, InferenceItem, Outcome, Turn } from '../../engine/dispatch/executor.js';
import type { Answer } from '../../engine/tasks/task.js';
import type { CacheKey } from './second-level.js';

/** A text that memory could not answer. */
export interface MissingText {
  readonly key: CacheKey;
  readonly item: InferenceItem;
}

/** An answer that the second level had. */
export interface Found {
  readonly ok: true;
  readonly answer: Answer;
  /** `performance.now()` when the answer arrived. */
  readonly foundAt: number;
}

/** The result of a flight: the executor's outcome unchanged, or an answer from the second level. */
export type Landing = Outcome | Found;

/** A request that waits for flights. */
export interface Passenger {
  readonly turn: Turn;
  /** Called once for each joined flight, unless the passenger has left it. Must not throw. */
  landed(flight: Flight, landing: Landing): void;
}

/** Whether turn `a` comes before turn `b`. */
const isBefore = (a: Turn, b: Turn): boolean => a.priority === 'user' && b.priority !== 'user';

const isSameTurn = (a: Turn, b: Turn): boolean =>
  a.deadlineAt === b.deadlineAt &&
  a.client === b.client &&
  a.origin === b.origin &&
  a.priority === b.priority;

/** The shared look-up and computation of one text, with every request that waits for it (its passengers). */
export class Flight {
  /** The text must be computed even if the second level has an answer. */
  afresh = false;
  computation: Computation | undefined;
  /**
   * True when the leader, the passenger that started this flight, was not admitted. The text itself has not failed: the
   * other passengers may try again on their own.
   */
  refused = false;
  private ending: Landing | undefined;
  private readonly passengers = new Set<Passenger>();

  /**
   * @param current the turn of the passenger that starts the flight
   * @param onAbandoned called when the last passenger leaves before the landing
   */
  constructor(
    readonly text: MissingText,
    private current: Turn,
    private readonly onAbandoned: (flight: Flight) => void,
  ) {}

  /** Undefined until the flight lands. */
  get landing(): Landing | undefined {
    return this.ending;
  }

  /** The turn of the passenger with the highest priority, with the latest deadline of all passengers. */
  get turn(): Turn {
    return this.current;
  }

  join(passenger: Passenger): void {
    if (this.ending !== undefined) {
      passenger.landed(this, this.ending);
      return;
    }
    this.passengers.add(passenger);
    if (isSameTurn(passenger.turn, this.current)) return;
    this.setTurn(this.current, passenger.turn);
    if (passenger.turn.client !== this.current.client) this.computation?.share?.(passenger.turn.client);
  }

  /** The text is being computed. Clients that have joined before may lend it their turns. */
  began(computation: Computation): void {
    this.afresh = true;
    this.computation = computation;
    const { client } = this.current;
    for (const { turn } of this.passengers) if (turn.client !== client) computation.share?.(turn.client);
  }

  /** The other passengers keep waiting. When the last one leaves, a computation that has not started is cancelled. */
  leave(passenger: Passenger, error: AppError): void {
    if (!this.passengers.delete(passenger)) return;
    const [first] = this.passengers;
    if (first !== undefined) {
      if (this.dependsOn(passenger.turn, first.turn)) {
        const [, ...others] = this.passengers;
        this.setTurn(first.turn, ...others.map(({ turn }) => turn));
      }
      return;
    }
    this.ending = { ok: false, error };
    this.onAbandoned(this);
    this.computation?.cancel(error);
  }

  /** Gives the result to every passenger. A flight lands once; later landings are ignored. */
  land(landing: Landing): void {
    if (this.ending !== undefined) return;
    this.ending = landing;
    for (const passenger of this.passengers) passenger.landed(this, landing);
    this.passengers.clear();
  }

  /**
   * Whether the turn may change when a passenger leaves. Thousands that wait for one text may leave at the same time, so
   * the others are only looked at where it may.
   */
  private dependsOn(gone: Turn, first: Turn): boolean {
    const { deadlineAt, client, priority } = this.current;
    return gone.deadlineAt >= deadlineAt || first.client !== client || first.priority !== priority;
  }

  private setTurn(first: Turn, ...others: readonly Turn[]): void {
    let best = first;
    let { deadlineAt } = first;
    for (const turn of others) {
      if (isBefore(turn, best)) best = turn;
      deadlineAt = Math.max(deadlineAt, turn.deadlineAt);
    }
    const { client, origin, priority } = best;
    const turn = { client, origin, priority, deadlineAt };
    if (isSameTurn(turn, this.current)) return;
    this.current = turn;
    this.computation?.update?.(this.current);
  }
}
