import { ClientShares } from './client-shares.js';

/**
 * Time constant of the measured pace, in milliseconds: a machine that other work slows down is noticed within a second.
 */
const PACE_WINDOW_MS = 500;

/** The workers' common rate counts while it is younger than this, in milliseconds. */
const RATE_AGE_MS = 1_000;

/**
 * Time constant at which a measured slowness is forgotten while nothing runs, in milliseconds: a machine that was slow
 * an hour ago need not be slow now, and a text that is refused because of it would measure nothing.
 */
const FADE_MS = 5_000;

/** Texts that have waited without a pause for so many milliseconds are a standing queue, not a burst. */
const STANDING_MS = 500;

/** Milliseconds of measured work that the usual ratio counts as. */
const PRIOR_MS = 5;

/**
 * Predicted cost of messages over the cost of their texts in full batches of equal length, before anything was
 * measured: real texts differ in length, and each message pads the shorter ones.
 */
const USUAL_PACKING = 1.15;

/**
 * A message that has run for so many milliseconds, and for so many times its prediction, is stalled: it counts before it
 * ends. A single stalled worker hangs; if all are stalled, the machine is slow.
 */
const STALL_MS = 500;
const STALL_FACTOR = 4;

/** One message on its way through a worker. */
export interface RunningMessage {
  /** Predicted work of its texts, as if each were in a full batch of texts of its length, in milliseconds. */
  readonly workMs: number;
  /** Predicted milliseconds of the message. */
  readonly predictedMs: number;
  /** `performance.now()` */
  readonly takenAt: number;
  /** Whether more texts waited than the message could take: only then does it show how fast the workers are. */
  readonly isFull: boolean;
  /** The worker's place, to count the workers that have late messages. */
  readonly seat: object;
}

/** How fast work is done. */
interface Pace {
  /** Real time of a message over its prediction. */
  readonly slowness: number;
  readonly workers: number;
  /** Milliseconds in which all workers together do a millisecond of predicted work. */
  readonly msPerWork: number;
}

/**
 * A sum of measured and one of predicted milliseconds, both forgotten at the same rate. The usual ratio counts as some
 * milliseconds in each reading, so that a single short run does not decide, and what was measured long ago does not
 * count.
 */
class Ratio {
  /** `performance.now()` of the latest measurement. */
  at = -Infinity;

  private measured = 0;
  private predicted = 0;

  constructor(private readonly usual: number) {}

  valueAt(now: number): number {
    const keep = Math.exp(Math.min(0, this.at - now) / FADE_MS);
    return (this.measured * keep + this.usual * PRIOR_MS) / (this.predicted * keep + PRIOR_MS);
  }

  add(measured: number, predicted: number, now: number): void {
    const keep = Math.exp((this.at - now) / PACE_WINDOW_MS);
    this.at = now;
    this.measured = this.measured * keep + measured;
    this.predicted = this.predicted * keep + predicted;
  }
}

/**
 * Predicts when work will be finished, in the order in which clients have their turns, at the pace at which messages
 * have run in the last second. All times are milliseconds.
 */
export class Forecast {
  /** Real time of messages over their predictions: greater than 1 where other work takes the cores. */
  private readonly slowness = new Ratio(1);
  private readonly packing = new Ratio(USUAL_PACKING);
  /** Real time over predicted work of all workers together, while more waited than they could take. */
  private readonly rate = new Ratio(USUAL_PACKING);
  private readonly running = new Set<RunningMessage>();
  private lastEndAt = 0;

  /** @param workers number of workers that share the work; counts as 1 at least */
  constructor(
    readonly shares = new ClientShares(),
    private readonly workers: () => number = () => 1,
  ) {}

  began(message: RunningMessage): void {
    this.running.add(message);
    if (message.isFull) this.packing.add(message.predictedMs, message.workMs, message.takenAt);
  }

  /** @param wallMs time that its worker took; null when it was lost or failed, which measures nothing */
  ended(message: RunningMessage, wallMs: number | null, now: number): void {
    this.running.delete(message);
    if (wallMs !== null) {
      this.slowness.add(wallMs, message.predictedMs, now);
      // The workers were busy since the message was taken, and the time before the last end is counted already.
      if (message.isFull) this.rate.add(now - Math.max(this.lastEndAt, message.takenAt), message.workMs, now);
    }
    this.lastEndAt = now;
  }

  /**
   * Milliseconds from now to the end of a client's work, counted with every client's turn.
   * @param workMs predicted work, as in {@link RunningMessage}
   * @param soloMs predicted time of the longest of its runs: the work cannot be done sooner, however many workers
   */
  finishMs(client: string, workMs: number, soloMs: number, now: number): number {
    const pace = this.paceAt(now);
    const aheadMs = this.shares.aheadMs(client, workMs, now) * pace.msPerWork;
    return Math.max(aheadMs + this.leftOfRunning(pace.slowness, now) / pace.workers, this.runMs(soloMs, now));
  }

  /** As {@link finishMs}, if nothing else waited or ran. */
  aloneMs(workMs: number, soloMs: number, now: number): number {
    const slowness = this.slowness.valueAt(now);
    return Math.max(
      (workMs * this.packing.valueAt(now) * slowness) / Math.max(1, this.workers()),
      this.runMs(soloMs, now),
    );
  }

  /** The least time of this work, however fast the machine is. */
  leastMs(workMs: number, soloMs: number): number {
    return Math.max(soloMs, workMs / Math.max(1, this.workers()));
  }

  /** Whether texts have waited all the time lately. */
  isStanding(now: number): boolean {
    return now - this.shares.waitingSince > STANDING_MS;
  }

  /** Milliseconds in which so much work is done. */
  drainMs(workMs: number, now: number): number {
    return workMs * this.paceAt(now).msPerWork;
  }

  /** The real time of a run that is predicted to take so long. */
  runMs(predictedMs: number, now: number): number {
    return predictedMs * this.slowness.valueAt(now);
  }

  private paceAt(now: number): Pace {
    const slowness = this.slowness.valueAt(now);
    const late = this.lateAt(slowness, now);
    const workers = Math.max(1, this.workers());
    if (late === null) {
      const isFresh = now - this.rate.at < RATE_AGE_MS;
      return isFresh
        ? { slowness, workers, msPerWork: this.rate.valueAt(now) }
        : this.pace(slowness, workers, now);
    }
    return late.workers >= workers
      ? this.pace(late.slowness, workers, now)
      : this.pace(slowness, workers - late.workers, now);
  }

  /** The workers with messages that should have ended long ago, and their least slowness; null when there are none. */
  private lateAt(
    slowness: number,
    now: number,
  ): { readonly workers: number; readonly slowness: number } | null {
    let seats: Set<object> | undefined;
    let least = Infinity;
    for (const { takenAt, predictedMs, seat } of this.running) {
      const ageMs = now - takenAt;
      if (ageMs <= STALL_MS || ageMs <= STALL_FACTOR * predictedMs * slowness) continue;
      (seats ??= new Set()).add(seat);
      least = Math.min(least, ageMs / predictedMs);
    }
    return seats === undefined ? null : { workers: seats.size, slowness: least };
  }

  private pace(slowness: number, workers: number, now: number): Pace {
    return { slowness, workers, msPerWork: (slowness * this.packing.valueAt(now)) / workers };
  }

  private leftOfRunning(slowness: number, now: number): number {
    let left = 0;
    for (const { takenAt, predictedMs } of this.running)
      left += Math.max(0, predictedMs * slowness - (now - takenAt));
    return left;
  }
}
