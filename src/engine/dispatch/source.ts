import type { AppError } from '../../base/errors/app-error.js';
import type { BatchDone, CostCoefficients, WorkPayload } from '../protocol/protocol.js';
import type { Passage } from './inference-stages.js';

/** One message to a worker. A source adds further fields that identify the work in the message. */
export interface Message {
  /** The version that runs it. */
  readonly key: string;
  readonly payload: WorkPayload;
  /** Predicted milliseconds of the worker's run; 0 while no cost estimate of the version exists. */
  readonly predictedMs: number;
}

/** A place at a worker that is free for one message. */
export interface Seat {
  /** Idle workers that share the waiting work, this one included; 1 for the place behind a running message. */
  readonly idle: number;
  /** False when the worker has not loaded the version, or takes no messages now. */
  canRun(key: string): boolean;
  /** Cost coefficients of the version, by the latest fit; undefined before any worker has loaded it. */
  costOf(key: string): CostCoefficients | undefined;
}

/** `performance.now()` when a message began and when its answer was read. */
export type MessageTimes = Omit<Passage, 'admittedAt'>;

/**
 * Work that a lane brings to the workers. The source decides which work is sent next, and what to do with work whose
 * message failed or was lost with its worker. For each message that {@link next} returned the lane calls exactly one of
 * {@link done} and {@link lost}. No method throws.
 */
export interface Source<M extends Message = Message> {
  /** Number of pieces of work that wait for a worker. A particular worker may not be able to run all of them. */
  readonly waiting: number;
  /**
   * Takes the next message for a seat.
   * @param now `performance.now()`
   * @returns undefined when no waiting work can run there
   */
  next(seat: Seat, now: number): M | undefined;
  /** The worker has answered. The lane asks for the next message again afterwards. */
  done(message: M, result: BatchDone, times: MessageTimes): void;
  /**
   * The worker has ended.
   * @param begun false when the message waited behind another one and was never started
   * @param culprit index of the text of the message on which the worker ended while it tokenized it; null: not known
   */
  lost(message: M, begun: boolean, culprit: number | null): void;
  /**
   * Drops the waiting work and answers it with the error. Messages that workers already have are not affected.
   * @param key the version whose work ends; null: all versions, for good
   */
  failed(key: string | null, error: AppError): void;
}

/**
 * When a worker that still runs a message gets the next one. `now`: at once. `late`: shortly before the predicted end,
 * because a later choice has more waiting texts to choose from. `never`: after the end.
 */
export type HandOver = 'now' | 'late' | 'never';

/** A source's place in a lane. */
export interface SourceTerms {
  readonly source: Source;
  readonly handOver: HandOver;
  /** Leaves one worker of several idle, for work of the other sources that arrives meanwhile. */
  readonly keepOneIdle: boolean;
}
