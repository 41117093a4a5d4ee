import { AppError } from '../../base/errors/app-error.js';
import type { InferenceItem, Turn } from '../../engine/dispatch/executor.js';
import type { Caller } from '../request/caller.js';
import type { Flight, Landing, MissingText, Passenger } from './flight.js';

/** A text of a request, and the flight that it waits for. */
export interface Seat<Item extends InferenceItem = InferenceItem> extends MissingText {
  readonly item: Item;
  /** The text's place in the request. */
  readonly index: number;
  flight: Flight;
  /** True for the seat that the flight was started for. */
  leads: boolean;
}

/**
 * Waits for the flights of one request's texts, with one timer and one listener for any number of texts. Each request
 * waits until its own deadline, and leaves a flight without disturbing the other requests.
 */
export class RequestWait implements Passenger {
  readonly turn: Turn;
  private readonly open = new Set<Flight>();
  private finish!: (gaveUp: AppError | undefined) => void;
  private fail!: (error: AppError) => void;

  /**
   * @param caller its deadline and its departure end the wait
   * @param again gives a seat another flight, because the flight's leader was not admitted; may throw AppError
   */
  constructor(
    private readonly caller: Turn & Pick<Caller, 'departure'>,
    private readonly seats: readonly Seat[],
    private readonly again: (seat: Seat) => void,
  ) {
    const { client, origin, priority, deadlineAt } = caller;
    this.turn = { client, origin, priority, deadlineAt };
  }

  /**
   * Resolves with undefined when every flight has landed. Resolves with an error when the deadline has passed or the
   * caller has left; the error then applies to every flight that has not landed.
   * @throws AppError when texts of this request were not admitted
   */
  until(): Promise<AppError | undefined> {
    const { deadlineAt, departure } = this.caller;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        departure?.remove(onLeave);
      };
      this.finish = (gaveUp) => {
        end();
        resolve(gaveUp);
      };
      this.fail = (error) => {
        end();
        this.leaveAll(error);
        reject(error);
      };
      const giveUp = (sentence: string): void => {
        const error = new AppError('DEADLINE_EXCEEDED', sentence);
        this.leaveAll(error);
        this.finish(error);
      };
      const onLeave = (): void => {
        giveUp('The caller left before the answer was ready.');
      };
      const timer = setTimeout(() => {
        giveUp('The answer was not ready within the deadline of the request.');
      }, deadlineAt - performance.now());
      departure?.add(onLeave);
      for (const { flight } of this.seats) this.open.add(flight);
      // Iterate over a copy: a flight that has already landed leaves the set during join().
      for (const flight of [...this.open]) flight.join(this);
    });
  }

  landed(flight: Flight, landing: Landing): void {
    if (!this.open.delete(flight)) return;
    if (!landing.ok && flight.refused) {
      const seats = this.seats.filter((seat) => seat.flight === flight);
      if (seats.some(({ leads }) => leads)) {
        this.fail(landing.error);
        return;
      }
      if (!this.boardAgain(seats)) return;
    }
    if (this.open.size === 0) this.finish(undefined);
  }

  /** Gives the seats other flights; returns false when that failed, and the request has then failed too. */
  private boardAgain(seats: readonly Seat[]): boolean {
    try {
      for (const seat of seats) this.again(seat);
    } catch (error) {
      this.fail(error as AppError);
      return false;
    }
    const flights = new Set(seats.map((seat) => seat.flight));
    for (const flight of flights) this.open.add(flight);
    for (const flight of flights) flight.join(this);
    return true;
  }

  private leaveAll(error: AppError): void {
    const flights = [...this.open];
    this.open.clear();
    for (const flight of flights) flight.leave(this, error);
  }
}
