import { AppError } from '../../src/base/errors/app-error.js';
import { TimedAdmission, type Admission } from '../../src/engine/dispatch/admission.js';
import { ClientShares } from '../../src/engine/dispatch/client-shares.js';
import { Forecast } from '../../src/engine/dispatch/forecast.js';
import { PendingText } from '../../src/engine/dispatch/pending-text.js';
import { QueuedTexts, type TextMessage } from '../../src/engine/dispatch/queued-texts.js';
import { batchedMs, predictMs } from '../../src/engine/protocol/cost-model.js';
import type { BatchDone, CostCoefficients } from '../../src/engine/protocol/protocol.js';
import { messageRows } from './message-rows.js';

/** A small model: 2 ms for a text of 20 tokens on its own, 1.5 ms for each in a full batch. */
export const COST: CostCoefficients = { fixedMs: 0.6, perTokenMs: 0.07, perTokenSquaredMs: 0.0001 };
const LIMITS = { maxPaddedTokens: 256, runsAlone: false };
const KEY = 'v1';
const NO_LIMIT = 1e9;

/** What became of one call. */
export interface CallResult {
  readonly client: string;
  readonly at: number;
  /** The texts of the call that were answered by its deadline; each late or dropped one is `expired`. */
  answered: number;
  expired: number;
  /** `Refused` calls have none of both. */
  refusal: AppError | undefined;
  /** Milliseconds to the last answer. */
  latencyMs: number;
}

export interface SimulatedCall {
  readonly client?: string;
  readonly tokens?: number;
  readonly texts?: number;
  readonly deadlineMs?: number;
  /** Called when the call has ended, with the time of the simulation. */
  readonly ended?: (result: CallResult, now: number) => void;
}

export interface SimulationOptions {
  readonly workers?: number;
  /** Real time of a run over its prediction, at a time. */
  readonly slowness?: (now: number) => number;
  readonly weightOf?: (client: string) => number;
  readonly admission?: Admission;
}

/**
 * The service's queue, forecast and admission, exactly as they are, with workers that take the predicted time, or a
 * multiple of it, on a clock of the simulation. No time passes really, and nothing is random.
 */
export class DispatchSimulation {
  now = 0;
  readonly results: CallResult[] = [];
  readonly texts: QueuedTexts;
  private readonly admission: Admission;
  private readonly slowness: (now: number) => number;
  private readonly events: { readonly at: number; readonly run: () => void }[] = [];
  private idle: number;

  constructor({ workers = 2, slowness = () => 1, weightOf, admission }: SimulationOptions = {}) {
    this.slowness = slowness;
    this.idle = workers;
    this.admission = admission ?? new TimedAdmission({ user: NO_LIMIT, background: 1 }, () => 0.5);
    const events = {
      released: (items: readonly PendingText[]): void => {
        this.admission.release(items);
      },
      batchFinished: () => undefined,
      lostForUser: () => undefined,
    };
    this.texts = new QueuedTexts(false, events, new Forecast(new ClientShares(weightOf), () => workers));
    this.texts.open(KEY, LIMITS);
  }

  /** Runs something at a time; the same times in the order of these calls. */
  at(at: number, run: () => void): void {
    let place = this.events.length;
    while (place > 0 && (this.events[place - 1]?.at ?? 0) > at) place--;
    this.events.splice(place, 0, { at, run });
  }

  /** Lets the clock go on until nothing is left, or until a time. */
  run(until = Infinity): void {
    for (;;) {
      const [next] = this.events;
      if (next === undefined || next.at > until) return;
      this.events.shift();
      this.now = next.at;
      next.run();
      this.feed();
    }
  }

  call({ client = '', tokens = 20, texts = 1, deadlineMs = 2_000, ended }: SimulatedCall): CallResult {
    const { now } = this;
    const result: CallResult = { client, at: now, answered: 0, expired: 0, refusal: undefined, latencyMs: 0 };
    this.results.push(result);
    let open = texts;
    const soloMs = predictMs(COST, 1, tokens);
    const work = { range: null, sequences: 1, tokens, workMs: batchedMs(COST, tokens, LIMITS), soloMs };
    const turn = { enqueuedAt: now, turnAt: now, priority: 'user' as const };
    const deadlineAt = now + deadlineMs;
    const parts = Array.from({ length: texts }, () => {
      const item = { text: 'a', client, deadlineAt };
      return new PendingText(KEY, item, { ...work, ...turn }, (outcome) => {
        if (outcome.ok && this.now <= deadlineAt) result.answered++;
        else result.expired++;
        result.latencyMs = this.now - now;
        if (--open === 0) ended?.(result, this.now);
      });
    });
    try {
      this.admission.admit({ parts, texts }, this.texts.forecast, now);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      result.refusal = error;
      ended?.(result, now);
      return result;
    }
    this.texts.add(parts);
    return result;
  }

  private feed(): void {
    while (this.idle > 0 && this.texts.waiting > 0) {
      const seat = { idle: this.idle, canRun: () => true, costOf: () => COST };
      const message = this.texts.next(seat, this.now);
      if (message === undefined) return;
      this.idle--;
      const startedAt = this.now;
      this.at(startedAt + message.predictedMs * this.slowness(startedAt), () => {
        this.idle++;
        this.texts.done(message, doneOf(message), { dispatchedAt: startedAt, resultAt: this.now });
      });
    }
  }
}

const doneOf = ({ items }: TextMessage): BatchDone => ({
  type: 'done',
  batchId: 0,
  ok: true,
  rows: messageRows(items.map(() => ({ scores: [1] }))),
  timings: { startedAt: 0, tokenizeMs: 0, inferenceMs: 1, paddedTokens: 10 },
  cost: COST,
  rssBytes: 1,
});
