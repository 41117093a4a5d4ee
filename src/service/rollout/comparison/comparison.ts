import { Inject, Injectable, Logger } from '@nestjs/common';
import { PredictionCache } from '../../cache/prediction-cache.js';
import type { ModelVersion } from '../../../registry/model-version.js';
import type { Answer } from '../../../engine/tasks/task.js';
import type { Side } from '../../../rollout/evidence/rollout-evidence.js';
import { textHash } from '../../../rollout/evidence/seen-texts.js';
import { SERIN_CONFIG, type SerinConfig } from '../../../base/config/serin-config.js';
import type { ErrorCode } from '../../../base/errors/codes.js';
import { AppError } from '../../../base/errors/app-error.js';
import {
  Executor,
  type Computation,
  type InferenceItem,
  type Outcome,
  type Priority,
  type Turn,
} from '../../../engine/dispatch/executor.js';
import { ComparisonMetrics, type SkipReason } from '../../observability/comparison-metrics.js';
import { isToBlame } from './blame.js';
import { otherSide, type ComparedRollout } from './compared-rollout.js';
import { SpareTime } from './spare-time.js';

/** A text whose user got an answer, or whose computation failed because of the version. */
export interface ComparedText {
  readonly rollout: ComparedRollout;
  /** The side that answered the user. */
  readonly side: Side;
  readonly text: string;
  /** Null when the computation failed. */
  readonly answer: Answer | null;
}

/** Most texts that wait until the event loop has written their users' answers. */
const MAX_WAITING = 256;

/** Most texts that the executor computes for the comparison at once. */
const MAX_UNDERWAY = 32;

/** A background text that has found no idle worker after this time is given up. */
const MAX_WAIT_MS = 5_000;

/**
 * A text that is owed waits as long as this, much longer than a user: its answer is of use for as long as the step lasts,
 * and under overload most users' deadlines pass in the queue. At most 50 of these texts wait.
 */
const OWED_WAIT_MS = 30_000;

/** The client of the texts that are owed, among the clients that wait for a worker. */
const CLIENT = 'internal';

const HASH_RANGE = 2 ** 32;

/** Maps a text's hash to a number from 0 to 1; the same in every process. */
const placeOf = (hash: bigint): number => Number(hash >> 32n) / HASH_RANGE;

/**
 * Lets the other version answer a user's text and counts how the two answers compare. It starts after the user's answer
 * is written. Some pairs are owed to each step of a rollout ({@link StepFloor}): these texts queue like users' texts. All
 * others yield to users: they are computed at low priority, within the budget, only while no user waits and every worker
 * is ready. In shadow mode no user gets the canary's answers, so no pair is owed. Texts that cannot be computed are
 * skipped and counted. It never throws and never rejects.
 */
@Injectable()
export class Comparison {
  private readonly logger = new Logger('Comparison');
  private waiting: ComparedText[] = [];
  private underway = 0;

  constructor(
    private readonly executor: Executor,
    private readonly cache: PredictionCache,
    private readonly spareTime: SpareTime,
    private readonly metrics: ComparisonMetrics,
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
  ) {}

  /** Takes a text whose user is about to be answered; returns at once. */
  offer(compared: ComparedText): void {
    if (this.waiting.length >= MAX_WAITING) {
      this.metrics.skipped('backlog');
      return;
    }
    this.waiting.push(compared);
    if (this.waiting.length > 1) return;
    setImmediate(() => {
      this.compareWaiting();
    });
  }

  private compareWaiting(): void {
    const texts = this.waiting;
    this.waiting = [];
    for (const text of texts) {
      this.compare(text).catch((error: unknown) => {
        this.metrics.skipped('fault');
        this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
      });
    }
  }

  private async compare(compared: ComparedText): Promise<void> {
    const { rollout, side, text } = compared;
    const hash = textHash(text);
    const known = rollout.remembered.get(hash);
    const isSampled = placeOf(hash) < sampleOf(rollout);
    if (known !== undefined && isSampled) {
      rollout.evidence.addPair(text, known, false);
      this.metrics.compared('repeat');
      return;
    }
    const { floor } = rollout;
    const mayBeOwed = side === 'canary' && rollout.isCompared && known === undefined;
    if (mayBeOwed && !rollout.underway.has(hash) && floor.claim(rollout.hasEnoughPairs)) {
      try {
        this.record(compared, hash, await this.otherAnswer(compared, hash, true));
      } finally {
        floor.ended();
      }
      return;
    }
    const isAffordable = placeOf(hash) < sampleOf(rollout) * rollout.budget.shareAt(performance.now());
    if (!isSampled || !isAffordable) {
      this.metrics.skipped(isSampled ? 'budget' : 'not_sampled');
      return;
    }
    this.record(compared, hash, await this.otherAnswer(compared, hash, false));
  }

  /** Counts the pair that a text and the other version's answer make. */
  private record(compared: ComparedText, hash: bigint, other: Answer | SkipReason | null): void {
    if (typeof other === 'string') {
      this.metrics.skipped(other);
      return;
    }
    const { rollout, side, text, answer } = compared;
    const pair = rollout.pairOf(
      side === 'canary' ? { stable: other, canary: answer } : { stable: answer, canary: other },
    );
    rollout.remembered.set(hash, pair);
    rollout.evidence.addPair(text, pair);
    rollout.floor.paired();
    this.metrics.compared('pair');
  }

  /** The other version's answer: kept by the cache, or computed in one of the two ways below. */
  private async otherAnswer(
    compared: ComparedText,
    hash: bigint,
    isOwed: boolean,
  ): Promise<Answer | SkipReason | null> {
    const { rollout, side, text } = compared;
    const version = rollout.versions[otherSide(side)];
    const row = await this.cache.peek({ version, text });
    if (row !== undefined) return row;
    if (rollout.underway.has(hash)) return 'underway';
    return isOwed ? this.owedAnswer(compared, hash, version) : this.spareAnswer(compared, hash, version);
  }

  /**
   * The other version's answer to a text whose comparison is owed: it waits in the queue as a user's text does.
   * Null when the version fails; a skip reason when it was not admitted or did not finish.
   */
  private async owedAnswer(
    { rollout, text }: ComparedText,
    hash: bigint,
    version: ModelVersion,
  ): Promise<Answer | SkipReason | null> {
    if (this.spareTime.problem() === 'shutting_down') return 'shutting_down';
    const turn: Turn = {
      client: CLIENT,
      origin: 'internal',
      priority: 'user',
      deadlineAt: performance.now() + OWED_WAIT_MS,
    };
    const computation = this.submit({ version, text, ...turn }, turn.priority);
    if (computation === null) return 'refused';
    rollout.underway.add(hash);
    const outcome = await settled(computation, OWED_WAIT_MS);
    rollout.underway.delete(hash);
    if (outcome.ok) return outcome.value.answer;
    return skipReasonOf(outcome.error.code);
  }

  /**
   * The other version's answer, computed in time that no user needs. Null when the version fails; a skip reason when it
   * was not asked or did not finish.
   */
  private async spareAnswer(
    { rollout, text }: ComparedText,
    hash: bigint,
    version: ModelVersion,
  ): Promise<Answer | SkipReason | null> {
    const problem = this.spareTime.problem() ?? (this.underway >= MAX_UNDERWAY ? 'backlog' : null);
    if (problem !== null) return problem;
    const rate = (rollout.limits.comparison.budgetPercent / 100) * this.config.workers;
    const reservedMs = rollout.budget.reserve(rate, performance.now());
    if (reservedMs === null) return 'budget';
    const computation = this.submit({ version, text }, 'background');
    if (computation === null) {
      rollout.budget.settle(reservedMs, null);
      return 'refused';
    }
    this.underway++;
    rollout.underway.add(hash);
    const outcome = await settled(computation, MAX_WAIT_MS);
    rollout.underway.delete(hash);
    this.underway--;
    if (outcome.ok) {
      const { answer, tokenizeMs, inferenceMs, batchSize } = outcome.value;
      rollout.budget.settle(reservedMs, (tokenizeMs + inferenceMs) / batchSize);
      return answer;
    }
    const isEvidence = isToBlame(outcome.error.code);
    rollout.budget.settle(reservedMs, isEvidence ? reservedMs : null);
    return skipReasonOf(outcome.error.code);
  }

  /** Null when the executor does not take the text. */
  private submit(item: InferenceItem, priority: Priority): Computation | null {
    let computation: Computation | undefined;
    try {
      [computation] = this.executor.submit([item], priority);
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
    if (computation === undefined) throw new Error('The executor answered no computation for one text.');
    return computation;
  }
}

/** The share of the texts that is compared where the budget suffices, 0 to 1. */
const sampleOf = ({ limits }: ComparedRollout): number => limits.comparison.samplePercent / 100;

/** The outcome of a computation, which is cancelled when no worker becomes idle in time. */
async function settled(computation: Computation, waitMs: number): Promise<Outcome> {
  const timer = setTimeout(() => {
    computation.cancel(new AppError('DEADLINE_EXCEEDED', 'No worker was idle in time.'));
  }, waitMs);
  const outcome = await computation.outcome;
  clearTimeout(timer);
  return outcome;
}

/** Why a text is not compared whose other answer is an error; null: that answer is the other version's failure. */
function skipReasonOf(code: ErrorCode): SkipReason | null {
  if (isToBlame(code)) return null;
  return code === 'EMPTY_TEXT' ? 'empty' : 'too_late';
}
