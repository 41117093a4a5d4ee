import { AppError } from '../../base/errors/app-error.js';
import type { Priority } from './executor.js';
import type { Forecast } from './forecast.js';
import { Permits } from './permits.js';
import { ToldWaits } from './told-waits.js';

/** The facts about a text that admission may use. The text has not been tokenized yet. */
export interface AdmissibleText {
  /** Estimated runs of the model. */
  readonly sequences: number;
  /** Predicted work in full batches, in milliseconds. */
  readonly workMs: number;
  /** Predicted time of its longest run, on its own, in milliseconds. */
  readonly soloMs: number;
  readonly client: string;
  /** `performance.now()` after which the answer is useless; Infinity when there is no deadline. */
  readonly deadlineAt: number;
  readonly priority: Priority;
}

/** The texts of one call, as admission sees them. */
export interface Admissible {
  /**
   * Every part of every text, of one priority. Nearly always they have one client and one deadline, too: others may have
   * joined the shared computation of a text while a cache was asked for it.
   */
  readonly parts: readonly AdmissibleText[];
  /** Number of texts; a long one has several parts. */
  readonly texts: number;
}

/**
 * Decides which texts may wait for a worker. The abstract class is the injection token: the service binds
 * {@link TimedAdmission}, and another policy may be bound instead.
 */
export abstract class Admission {
  /**
   * Admits all of these texts, or none.
   * @throws AppError OVERLOADED with `retryAfterMs` when they do not fit now, BATCH_TOO_LARGE when so many can never be
   *   answered by their deadline, DEADLINE_EXCEEDED when not even one can
   */
  abstract admit(call: Admissible, forecast: Forecast, now: number): void;

  /** Releases admitted texts that have ended, with or without an answer. All must have the same priority. */
  abstract release(parts: readonly AdmissibleText[]): void;
}

/** The predicted time is multiplied by this: later texts of similar length may go first. */
const MARGIN = 1.25;

/**
 * While texts wait all the time, the predicted wait is multiplied by this instead: a machine that becomes twice as
 * slow can then still answer what it has admitted. A short queue answers as many texts as a long one, because the
 * workers have no pause either way. Only a burst after a quiet time may fill the whole deadline.
 */
const STANDING_MARGIN = 3;

/** Time from a result to its answer, and the resolution of timers, in milliseconds. */
const ANSWER_MS = 4;

/** A refused caller is told its wait times a factor between these two, so that not all come back at one moment. */
const LEAST_JITTER = 1.1;
const MOST_JITTER = 1.35;

/** Longest wait that a refused caller is told, in milliseconds; a longer one would be of no use to a client. */
const LONGEST_WAIT_MS = 30_000;

/** Wait where only memory is short, which no forecast knows, in milliseconds. */
const MEMORY_WAIT_MS = 1_000;

/** Differences of sums of predictions that are no difference, in milliseconds. */
const ROUNDING_MS = 0.001;

/** Of the texts that are predicted to fit into a batch's deadline, the part that the caller is told. */
const FITTING = 0.8;

/**
 * Admits a call if its predicted end, with every client's turn counted, lies before its deadline (ADR 21). Background
 * texts have no deadline and wait in any case; they are only counted.
 */
export class TimedAdmission extends Admission {
  private readonly permits: Readonly<Record<Priority, Permits>>;
  private readonly told = new ToldWaits();

  /**
   * @param limits runs of the model that are admitted at once
   * @param random returns numbers from 0 to 1, as Math.random does
   */
  constructor(
    limits: Readonly<Record<Priority, number>>,
    private readonly random: () => number = Math.random,
  ) {
    super();
    this.permits = { user: new Permits(limits.user), background: new Permits(limits.background) };
  }

  override admit({ parts, texts }: Admissible, forecast: Forecast, now: number): void {
    const [first] = parts;
    if (first === undefined) return;
    const { client, priority, deadlineAt } = first;
    if (priority === 'user' && deadlineAt !== Infinity) {
      this.told.arrived(client, now);
      this.assertInTime(parts, texts, forecast, now);
    }
    const permits = this.permits[priority];
    if (tryTakeAll(permits, parts)) return;
    const sequences = sequencesOf(parts);
    if (texts > 1 && sequences > permits.mostOf(client))
      throw neverInMemory(texts, sequences, permits.mostOf(client));
    const sentence = `${permits.inUse} of ${permits.limit} texts wait or run (QUEUE_LIMIT), and ${sequences} more of this client do not fit.`;
    const drainMs = forecast.drainMs(workOf(parts), now);
    throw new AppError('OVERLOADED', sentence, { retryAfterMs: Math.max(MEMORY_WAIT_MS, drainMs) });
  }

  override release(parts: readonly AdmissibleText[]): void {
    for (const { sequences, client, priority } of parts) this.permits[priority].release(sequences, client);
  }

  private assertInTime(
    parts: readonly AdmissibleText[],
    texts: number,
    forecast: Forecast,
    now: number,
  ): void {
    const [first] = parts;
    if (first === undefined) return;
    const { client } = first;
    const workMs = workOf(parts);
    // A call may have a hundred thousand parts, too many for the arguments of Math.max.
    let soloMs = 0;
    let leftMs = Infinity;
    for (const part of parts) {
      soloMs = Math.max(soloMs, part.soloMs);
      leftMs = Math.min(leftMs, part.deadlineAt - now);
    }
    const runMs = forecast.aloneMs(workMs, soloMs, now);
    const aloneMs = MARGIN * runMs + ANSWER_MS;
    // A single text is tried where the machine seems too slow for it: it measures whether that is still so.
    const leastMs = texts === 1 ? forecast.leastMs(workMs, soloMs) : aloneMs;
    if (leastMs > leftMs) throw neverInTime(texts, leastMs, leftMs);
    const queueMs = Math.max(0, forecast.finishMs(client, workMs, soloMs, now) - runMs);
    const roomMs = Math.max(0, leftMs - aloneMs);
    const longestMs = queueMs * (forecast.isStanding(now) ? STANDING_MARGIN : MARGIN);
    if (longestMs <= roomMs + ROUNDING_MS) return;
    // By the time that the caller comes back, the queue will have stood.
    const waitMs = queueMs - roomMs / STANDING_MARGIN + forecast.drainMs(this.told.owedMs(now), now);
    const jitter = LEAST_JITTER + (MOST_JITTER - LEAST_JITTER) * this.random();
    const retryAfterMs = Math.min(Math.ceil(waitMs * jitter), LONGEST_WAIT_MS);
    this.told.tell(client, { at: now, dueAt: now + retryAfterMs, workMs });
    const sentence = `The answer may take up to ${inMs(longestMs + aloneMs)}, and the deadline is in ${inMs(leftMs)}.`;
    throw new AppError('OVERLOADED', sentence, { retryAfterMs });
  }
}

/** Runs of the model that texts are estimated to need together. */
export function sequencesOf(texts: readonly Pick<AdmissibleText, 'sequences'>[]): number {
  let sum = 0;
  for (const { sequences } of texts) sum += sequences;
  return sum;
}

/** Takes the permits of every part, for the part's own client: all of them, or none. */
function tryTakeAll(permits: Permits, parts: readonly AdmissibleText[]): boolean {
  const refused = parts.findIndex(({ client, sequences }) => !permits.tryTake(sequences, client));
  if (refused < 0) return true;
  for (const { client, sequences } of parts.slice(0, refused)) permits.release(sequences, client);
  return false;
}

const workOf = (parts: readonly AdmissibleText[]): number =>
  parts.reduce((sum, { workMs }) => sum + workMs, 0);

const inMs = (ms: number): string => `${Math.max(0, Math.ceil(ms))} ms`;

/** The error of a call that needs more places than one client may have. */
function neverInMemory(texts: number, sequences: number, most: number): AppError {
  const message = `at most ${Math.max(1, Math.floor((texts * most) / sequences))} of these texts fit`;
  return new AppError(
    'BATCH_TOO_LARGE',
    `One client may have ${most} texts waiting (QUEUE_LIMIT), and these count as ${sequences}: ${message}.`,
    { errors: [{ field: 'texts', message }] },
  );
}

/** The error of a call that would miss its deadline even on an idle service. */
function neverInTime(texts: number, aloneMs: number, leftMs: number): AppError {
  const need = `Even with nothing else to do, the answer is predicted to take ${inMs(aloneMs)}, and the deadline is in ${inMs(leftMs)}`;
  if (texts === 1) return new AppError('DEADLINE_EXCEEDED', `${need}.`);
  const fitting = Math.max(1, Math.floor((FITTING * texts * leftMs) / aloneMs));
  const message = `at most ${fitting} of these texts fit`;
  return new AppError('BATCH_TOO_LARGE', `${need}: ${message}.`, { errors: [{ field: 'texts', message }] });
}
