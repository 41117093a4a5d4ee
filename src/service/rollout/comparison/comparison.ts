import { Inject, Injectable, Logger } from '@nestjs/common';
import { PredictionCache } from '../../cache/prediction-cache.js';
import type { Answer } from '../../../engine/tasks/task.js';
import type { Side } from '../../../rollout/evidence/rollout-evidence.js';
import { textHash } from '../../../rollout/evidence/seen-texts.js';
import { SERIN_CONFIG, type SerinConfig } from '../../../base/config/serin-config.js';
import { AppError } from '../../../base/errors/app-error.js';
import { Executor, type Computation, type Outcome } from '../../../engine/dispatch/executor.js';
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

/** A text that has found no idle worker after this time is given up. */
const MAX_WAIT_MS = 5_000;

const HASH_RANGE = 2 ** 32;

/** Maps a text's hash to a number from 0 to 1; the same in every process. */
const placeOf = (hash: bigint): number => Number(hash >> 32n) / HASH_RANGE;

/**
 * Lets the other version answer a user's text and counts how the two answers compare. Users are not slowed down: the
 * comparison starts after their answers are written, and computes at low priority, within the budget, only while no
 * user waits and every worker is ready. Texts that it cannot compute are skipped and counted. It never throws and never
 * rejects.
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
    const { rollout, side, text, answer } = compared;
    const hash = textHash(text);
    const sample = rollout.limits.comparison.samplePercent / 100;
    const place = placeOf(hash);
    if (place >= sample) {
      this.metrics.skipped('not_sampled');
      return;
    }
    const known = rollout.remembered.get(hash);
    if (known !== undefined) {
      rollout.evidence.addPair(text, known, false);
      this.metrics.compared('repeat');
      return;
    }
    if (place >= sample * rollout.budget.shareAt(performance.now())) {
      this.metrics.skipped('budget');
      return;
    }
    const other = await this.otherAnswer(compared, hash);
    if (typeof other === 'string') {
      this.metrics.skipped(other);
      return;
    }
    const pair = rollout.pairOf(
      side === 'canary' ? { stable: other, canary: answer } : { stable: answer, canary: other },
    );
    rollout.remembered.set(hash, pair);
    rollout.evidence.addPair(text, pair);
    this.metrics.compared('pair');
  }

  /** The other version's answer; null when it fails; a skip reason when it was not asked or did not finish. */
  private async otherAnswer(
    { rollout, side, text }: ComparedText,
    hash: bigint,
  ): Promise<Answer | SkipReason | null> {
    const other = otherSide(side);
    const version = rollout.versions[other];
    const row = await this.cache.peek({ version, text });
    if (row !== undefined) return row;
    if (rollout.underway.has(hash)) return 'underway';
    const problem = this.spareTime.problem() ?? (this.underway >= MAX_UNDERWAY ? 'backlog' : null);
    if (problem !== null) return problem;
    const rate = (rollout.limits.comparison.budgetPercent / 100) * this.config.workers;
    const reservedMs = rollout.budget.reserve(rate, performance.now());
    if (reservedMs === null) return 'budget';
    let computation: Computation | undefined;
    try {
      [computation] = this.executor.submit([{ version, text }], 'background');
    } catch (error) {
      rollout.budget.settle(reservedMs, null);
      if (error instanceof AppError) return 'refused';
      throw error;
    }
    if (computation === undefined) throw new Error('The executor answered no computation for one text.');
    this.underway++;
    rollout.underway.add(hash);
    const outcome = await settled(computation);
    rollout.underway.delete(hash);
    this.underway--;
    if (outcome.ok) {
      const { answer, tokenizeMs, inferenceMs, batchSize } = outcome.value;
      rollout.budget.settle(reservedMs, (tokenizeMs + inferenceMs) / batchSize);
      return answer;
    }
    const isEvidence = isToBlame(outcome.error.code);
    rollout.budget.settle(reservedMs, isEvidence ? reservedMs : null);
    return isEvidence ? null : 'too_late';
  }
}

/** The outcome of a computation, which is cancelled when no worker becomes idle in time. */
async function settled(computation: Computation): Promise<Outcome> {
  const timer = setTimeout(() => {
    computation.cancel(new AppError('DEADLINE_EXCEEDED', 'No worker was idle in time.'));
  }, MAX_WAIT_MS);
  const outcome = await computation.outcome;
  clearTimeout(timer);
  return outcome;
}
