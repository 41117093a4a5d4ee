import { join } from 'node:path';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../../base/config/serin-config.js';
import { DEFAULT_GATES } from '../../../base/config/rollout-config.js';
import { RolloutsInForce } from '../../in-force/rollouts-in-force.js';
import { RolloutMoves } from '../effects/rollout-moves.js';
import { EvidenceBook } from '../evidence/evidence-book.js';
import { RolloutConfiguration } from '../rollout-configuration.js';
import { RolloutJudge } from '../rollout-judge.js';
import { RolloutVersions } from '../rollout-versions.js';
import { RolloutStore } from '../../../rollout/rollout-store.js';
import { isUnderWay, type RolloutDocument, type RolloutMove } from '../../../rollout/rollout-types.js';
import { ReportFolder } from './report-folder.js';
import { endOf, isUnfinished } from '../../../rollout/report/rollout-end.js';
import { reportOf, type Outcome } from '../../../rollout/report/rollout-report.js';
import { isDue } from '../../../rollout/evidence/series.js';
import { pointOf } from '../../../rollout/report/series-point.js';

const LOOK_MS = 1000;

/**
 * How long after a move the report starts. Judging and drawing block the event loop for some ten milliseconds; the
 * answer to the rollback and the canary's texts in flight come first.
 */
const CALM_MS = 500;

/** A move, with the state before it and the canary's share after it. */
interface Moved {
  readonly document: RolloutDocument;
  readonly move: RolloutMove;
  readonly before: RolloutDocument | undefined;
  readonly percent: number;
}

/**
 * Records the course of each rollout over time and writes the report of a rollout that has ended. The report is written
 * at the move that ends the rollout. When a kill prevented that, it is written as soon as this process leads: at its
 * start, or when it takes over.
 */
@Injectable()
export class RolloutReporter implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Rollout');
  private readonly folder: ReportFolder;
  private looking: NodeJS.Timeout | undefined;
  private wasLeading = false;
  private lastWrite: Promise<void> = Promise.resolve();
  /** Delayed work for the latest moves, oldest first. */
  private readonly pending = new Map<NodeJS.Timeout, () => void>();

  constructor(
    private readonly moves: RolloutMoves,
    private readonly inForce: RolloutsInForce,
    private readonly store: RolloutStore,
    private readonly book: EvidenceBook,
    private readonly judge: RolloutJudge,
    private readonly configuration: RolloutConfiguration,
    private readonly versions: RolloutVersions,
    @Inject(SERIN_CONFIG) { stateDir }: SerinConfig,
  ) {
    this.folder = new ReportFolder(join(stateDir, 'reports'));
    moves.onMove((document, move, before) => {
      const percent = this.shareOf(document);
      this.later(() => {
        this.moved({ document, move, before, percent });
      });
    });
  }

  onApplicationBootstrap(): void {
    this.look();
    this.looking = setInterval(() => {
      this.look();
    }, LOOK_MS);
    this.looking.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.looking);
    for (const [timer, work] of this.pending) {
      clearTimeout(timer);
      work();
    }
    await this.lastWrite;
  }

  private look(): void {
    const leads = this.store.leads();
    const isNew = leads && !this.wasLeading;
    this.wasLeading = leads;
    if (!leads) return;
    for (const document of this.moves.documents()) {
      if (isNew) this.makeUpFor(document);
      if (isUnderWay(document.phase)) {
        this.note(document, this.shareOf(document), false);
      }
    }
  }

  /** The canary's share now, in percent. */
  private shareOf({ model }: RolloutDocument): number {
    return this.inForce.of(model)?.percent ?? 0;
  }

  private later(work: () => void): void {
    const timer = setTimeout(() => {
      this.pending.delete(timer);
      work();
    }, CALM_MS);
    timer.unref();
    this.pending.set(timer, work);
  }

  /** @param always records a point even when none is due; true at a move */
  private note(document: RolloutDocument, percent: number, always: boolean): void {
    const { model, rollout_id: rolloutId } = document;
    const { book, judge } = this;
    const open = book.open(model);
    const now = Date.now();
    if (open?.rolloutId !== rolloutId || !(always || isDue(open.evidence.series, now))) return;
    const point = pointOf(now, percent, judge.figures(document), judge.judgement(document));
    if (point !== null) open.evidence.addPoint(point);
  }

  private moved({ document, move, before, percent }: Moved): void {
    if (!this.store.leads()) return;
    this.note(document, percent, true);
    if (move.move === 'promote') this.report(document, 'promoted', move);
    if (move.move === 'roll_back') this.report(document, 'rolled_back', move);
    const isNew = before !== undefined && before.rollout_id !== document.rollout_id;
    if (move.move === 'start' && isNew && isUnfinished(before)) this.report(before, 'replaced', move);
  }

  /**
   * Writes the missing report of a rollout that ended while another process led: that process may have died before it
   * wrote the report.
   */
  private makeUpFor(document: RolloutDocument): void {
    const { phase } = document;
    if (phase !== 'promoted' && phase !== 'rolled_back') return;
    const end = endOf(document);
    if (end === undefined) return;
    // The other process has saved more evidence than this one has seen.
    this.report(document, phase, end, this.book.restore(document));
  }

  /**
   * Writes one report for this end of this rollout, unless it exists.
   * @param ready the report waits for this promise
   */
  private report(
    document: RolloutDocument,
    outcome: Outcome,
    end: RolloutMove,
    ready: Promise<void> = Promise.resolve(),
  ): void {
    const { model, rollout_id: rolloutId } = document;
    const named = { model_name: model, rollout_id: rolloutId, revision: end.revision };
    this.inTurn(async () => {
      await ready;
      if (!(await this.folder.has(named))) await this.write(document, outcome, end);
    });
  }

  private async write(document: RolloutDocument, outcome: Outcome, end: RolloutMove): Promise<void> {
    const { model, rollout_id: rolloutId } = document;
    const evidence = await this.book.documentOf(model, rolloutId);
    const settings = this.configuration.of(model)?.gates ?? DEFAULT_GATES;
    const report = reportOf({
      document,
      outcome,
      end,
      evidence,
      settings,
      labels: this.versions.labels(document),
    });
    this.logger.log(`the report of the rollout: ${await this.folder.write(report)}`);
  }

  private inTurn(write: () => Promise<void>): void {
    this.lastWrite = this.lastWrite.then(write).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error(`the report of a rollout cannot be written to ${this.folder.path}: ${reason}`);
    });
  }
}
