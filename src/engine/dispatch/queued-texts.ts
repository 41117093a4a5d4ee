import { AppError } from '../../base/errors/app-error.js';
import { predictMs, type BatchingLimits } from '../protocol/cost-model.js';
import type { BatchDone, BatchTimings, CostCoefficients } from '../protocol/protocol.js';
import { rowsOfText } from '../tasks/message-rows.js';
import type { InferenceTimes } from './executor.js';
import { Forecast, type RunningMessage } from './forecast.js';
import { stagesOf } from './inference-stages.js';
import type { WindowRange } from '../view.js';
import { sequencesOf } from './admission.js';
import type { PendingText } from './pending-text.js';
import type { Message, MessageTimes, Seat, Source } from './source.js';
import { TextQueue } from './text-queue.js';
import { nothingLeft } from '../text.js';

/** Runs in which one text, on its own, may take a worker down before it is blamed. */
const DEATHS_ALONE_THAT_CONDEMN_A_TEXT = 2;

export interface TextMessage extends Message, RunningMessage {
  /** Sorted by their estimated length. */
  readonly items: readonly PendingText[];
}

/** Must not throw. */
export interface TextEvents {
  /** Texts that have left: answered, or dropped because nobody waits for them. */
  released(items: readonly PendingText[]): void;
  batchFinished(key: string, texts: number, timings: BatchTimings): void;
  /** A user's text whose worker died or hung with it, and whose user has left before it could be tried again. */
  lostForUser(key: string): void;
}

interface VersionTexts {
  readonly limits: BatchingLimits;
  readonly queue: TextQueue<PendingText>;
}

/**
 * Texts that callers wait for: a queue per version; the version with the text whose turn is next goes first. A message
 * is a batch that is cut by predicted cost. A text that would miss its deadline is answered with that before it runs.
 * When its worker dies or the model fails on it, its texts are tried again, each alone; a text that was alone in two
 * workers that died is given up, and so is one at once that a worker was tokenizing when it died.
 */
export class QueuedTexts implements Source<TextMessage> {
  private readonly versions = new Map<string, VersionTexts>();
  private readonly atWorkers = new Set<TextMessage>();

  /**
   * @param oneByOne each message has one text: the shortest run there is
   * @param forecast learns from each message, and has the clients' shares
   */
  constructor(
    private readonly oneByOne: boolean,
    private readonly events: TextEvents,
    readonly forecast = new Forecast(),
  ) {}

  /** Texts that wait, of all versions. */
  get waiting(): number {
    let texts = 0;
    for (const { queue } of this.versions.values()) texts += queue.size;
    return texts;
  }

  /** Texts that workers have, run or handed over ahead. */
  get running(): number {
    let texts = 0;
    for (const { items } of this.atWorkers) texts += items.length;
    return texts;
  }

  /** Texts of a version that wait or that workers have. */
  textsOf(key: string): number {
    let texts = this.versions.get(key)?.queue.size ?? 0;
    for (const message of this.atWorkers) if (message.key === key) texts += message.items.length;
    return texts;
  }

  /** Takes texts of this version from now on. Nothing of it may wait. */
  open(key: string, limits: BatchingLimits): void {
    this.versions.set(key, { limits, queue: new TextQueue(this.forecast.shares) });
  }

  isOpen(key: string): boolean {
    return this.versions.has(key);
  }

  /** Undefined for a version that is not open. */
  limitsOf(key: string): BatchingLimits | undefined {
    return this.versions.get(key)?.limits;
  }

  /** Puts texts in the queues of their versions, each of which is open. The lane is for the caller to wake. */
  add(items: readonly PendingText[]): void {
    for (const item of items) this.versions.get(item.key)?.queue.push(item);
  }

  /**
   * Drops a text that is settled and still waits; one in a worker is released when its batch ends.
   * @returns whether it was dropped: the lane is to be woken then, for less important work may have waited for it
   */
  discard(item: PendingText): boolean {
    if (this.versions.get(item.key)?.queue.remove(item) !== true) return false;
    this.countLost(item);
    this.events.released([item]);
    return true;
  }

  /** Another client waits for a text too. */
  offer(item: PendingText, client: string): void {
    this.versions.get(item.key)?.queue.offer(item, client);
  }

  next(seat: Seat, now: number): TextMessage | undefined {
    this.dropLate(now);
    const chosen = this.nextVersion(seat);
    const cost = chosen && seat.costOf(chosen.key);
    return cost && this.take(chosen.key, chosen.texts, { cost, seat, now });
  }

  done(message: TextMessage, result: BatchDone, times: MessageTimes): void {
    this.atWorkers.delete(message);
    const { key, items } = message;
    const wallMs = result.ok ? times.resultAt - times.dispatchedAt : null;
    this.forecast.ended(message, wallMs, times.resultAt);
    if (result.ok) {
      const { rows, timings } = result;
      this.events.batchFinished(key, items.length, timings);
      items.forEach((item, i) => {
        const ofText = rowsOfText(rows, i);
        if (ofText === undefined) {
          item.fail(new AppError('INTERNAL', 'The worker answered fewer rows than it was given texts.'));
          return;
        }
        if (ofText.empty && !item.evenEmpty) {
          item.fail(nothingLeft('text'));
          return;
        }
        item.settle({ ok: true, rows: ofText, times: timesOf(item, items.length, times, timings) });
      });
    } else if (items.length > 1) {
      for (const item of items) item.alone = true;
      this.putBack(key, items);
      return;
    } else {
      const cause = new Error(result.message);
      items[0]?.fail(new AppError(result.code, 'The model could not process this text.', { cause }));
    }
    this.events.released(items);
  }

  lost(message: TextMessage, begun: boolean, culprit: number | null): void {
    this.atWorkers.delete(message);
    this.forecast.ended(message, null, performance.now());
    const condemned = culprit === null ? undefined : message.items[culprit];
    if (condemned !== undefined) this.condemn(message, condemned);
    else if (begun) this.retryAlone(message);
    else this.putBack(message.key, message.items);
  }

  failed(key: string | null, error: AppError): void {
    for (const one of key === null ? [...this.versions.keys()] : [key]) {
      const items = this.versions.get(one)?.queue.clear() ?? [];
      this.versions.delete(one);
      for (const item of items) item.fail(error);
      this.events.released(items);
    }
  }

  /** The version whose next text has its turn first, of those that the seat's worker can run. */
  private nextVersion(seat: Seat): { readonly key: string; readonly texts: VersionTexts } | undefined {
    let chosen: { readonly key: string; readonly texts: VersionTexts } | undefined;
    let clock = Infinity;
    let turnAt = Infinity;
    for (const [key, texts] of this.versions) {
      const first = texts.queue.next;
      if (first === undefined || !seat.canRun(key)) continue;
      const own = this.forecast.shares.clockOf(first.line);
      if (own > clock || (own === clock && first.turnAt >= turnAt)) continue;
      chosen = { key, texts };
      clock = own;
      turnAt = first.turnAt;
    }
    return chosen;
  }

  /**
   * Answers the texts that are predicted to end after their deadline if they ran now. While nothing runs, the measured
   * slowness does not count: texts take no other text's time then, and only a run measures whether the machine is still
   * slow.
   */
  private dropLate(now: number): void {
    const slowness = this.atWorkers.size === 0 ? 1 : this.forecast.runMs(1, now);
    for (const { queue } of this.versions.values()) {
      if (queue.size === 0) continue;
      const late = queue.removeAll(({ deadlineAt, soloMs }) => deadlineAt < now + soloMs * slowness);
      for (const item of late) {
        item.fail(new AppError('DEADLINE_EXCEEDED', 'The text could no longer be answered by its deadline.'));
        this.countLost(item);
      }
      this.events.released(late);
    }
  }

  private take(
    key: string,
    { queue, limits }: VersionTexts,
    { cost, seat, now }: { readonly cost: CostCoefficients; readonly seat: Seat; readonly now: number },
  ): TextMessage {
    const runsAlone = this.oneByOne || limits.runsAlone;
    const { maxPaddedTokens } = limits;
    const items = queue.take({ cost, maxPaddedTokens, runsAlone, idleWorkers: seat.idle }, now);
    const message: TextMessage = {
      key,
      payload: { type: 'run', texts: items.map((item) => item.text), ranges: rangesOf(items) },
      predictedMs: predictMs(cost, sequencesOf(items), items.at(-1)?.tokens ?? 0),
      workMs: items.reduce((sum, { workMs }) => sum + workMs, 0),
      takenAt: now,
      isFull: seat.idle === 1 && this.waiting > 0,
      seat,
      items,
    };
    this.atWorkers.add(message);
    this.forecast.began(message);
    return message;
  }

  /** The worker ended while it tokenized this text: no second one has to. The other texts of the message run again. */
  private condemn({ key, items }: TextMessage, culprit: PendingText): void {
    for (const item of items) {
      item.lost = true;
      this.countLost(item);
    }
    const message = 'This text ended a worker process while it was tokenized.';
    culprit.fail(new AppError('INFERENCE_FAILED', message));
    this.events.released([culprit]);
    this.putBack(
      key,
      items.filter((item) => item !== culprit),
    );
  }

  private retryAlone({ key, items }: TextMessage): void {
    for (const item of items) {
      item.lost = true;
      this.countLost(item);
    }
    const [only] = items;
    if (items.length === 1 && only !== undefined) only.deathsAlone++;
    const condemned = items.filter((item) => item.deathsAlone >= DEATHS_ALONE_THAT_CONDEMN_A_TEXT);
    for (const item of condemned) {
      item.fail(new AppError('INFERENCE_FAILED', 'This text, on its own, ended two worker processes.'));
    }
    this.events.released(condemned);
    const again = items.filter((item) => !condemned.includes(item));
    for (const item of again) item.alone = true;
    this.putBack(key, again);
  }

  private countLost({ key, lost, settled, priority }: PendingText): void {
    if (lost && settled && priority === 'user') this.events.lostForUser(key);
  }

  /** Puts back the texts that callers still wait for. */
  private putBack(key: string, items: readonly PendingText[]): void {
    const queue = this.versions.get(key)?.queue;
    if (queue === undefined) {
      for (const item of items) item.fail(new AppError('VERSION_NOT_READY', 'The version was unloaded.'));
      this.events.released(items);
      return;
    }
    this.events.released(items.filter((item) => item.settled));
    queue.putBack(
      items.filter((item) => !item.settled),
      performance.now(),
    );
  }
}

/** The time that each stage of a text took. */
function timesOf(
  { enqueuedAt: admittedAt }: PendingText,
  batchSize: number,
  { dispatchedAt, resultAt }: MessageTimes,
  timings: BatchTimings,
): InferenceTimes {
  return {
    admittedAt,
    resultAt,
    ...stagesOf({ admittedAt, dispatchedAt, resultAt }, timings),
    batchSize,
  };
}

/** A range that is estimated to be one window shares its message with other texts. */
function rangesOf(items: readonly PendingText[]): (WindowRange | null)[] | null {
  return items.some(({ range }) => range !== null) ? items.map(({ range }) => range) : null;
}
