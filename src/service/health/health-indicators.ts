import { Inject, Injectable, Logger } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { RolloutService } from '../rollout/rollout.service.js';
import { InferencePoolStatus } from '../inference/pool-status.js';
import { RedisConnection } from '../redis/redis-connection.js';
import { GoldenReplay } from './golden-replay.js';
import { Readiness } from './readiness.js';

/** The indicators that Terminus runs. Each is a bound function, and logs only when its status changes. */
@Injectable()
export class HealthIndicators {
  private readonly logger = new Logger('Health');
  private readonly last = new Map<string, string>();

  constructor(
    private readonly indicator: HealthIndicatorService,
    private readonly pool: InferencePoolStatus,
    private readonly readiness: Readiness,
    private readonly golden: GoldenReplay,
    private readonly rollouts: RolloutService,
    @Inject(RedisConnection) private readonly connection: RedisConnection | null,
  ) {}

  /**
   * Down when the default model cannot answer; degraded while workers are missing, and while the start of processes
   * fails: then no process is left to replace the next one that is lost.
   */
  readonly inference = (): HealthIndicatorResult => {
    const { workersWanted, workersReady, queuedTexts, restarts, startFailuresInARow } = this.pool.status();
    const { count, lastReason } = startFailuresInARow;
    const figures = {
      workers_wanted: workersWanted,
      workers_ready: workersReady,
      queued_texts: queuedTexts,
      restarts,
      ...(lastReason !== null && { start_failures_in_a_row: count, last_start_failure: lastReason }),
    };
    const session = this.indicator.check('inference');
    const problem = this.readiness.inferenceProblem();
    if (problem !== null) return this.noted(session.down({ ...figures, reason: problem }));
    return this.noted(
      workersReady < workersWanted || count > 0 ? session.degraded(figures) : session.up(figures),
    );
  };

  /** Degraded when a version with a role has failed: the other versions still serve. */
  readonly versions = (): HealthIndicatorResult => {
    const states: Record<string, string> = {};
    let failed = false;
    for (const { model, name, state, reason } of this.readiness.configured()) {
      states[`${model}/${name}`] = reason === null ? state : `${state}: ${reason}`;
      failed ||= state === 'failed';
    }
    const session = this.indicator.check('versions');
    return this.noted(failed ? session.degraded(states) : session.up(states));
  };

  /**
   * Degraded while the state of rollouts cannot be written, after it was lost, and while a canary is not judged: requests
   * are still served.
   */
  readonly rollout = (): HealthIndicatorResult => {
    const problem = this.rollouts.healthProblem();
    const session = this.indicator.check('rollout');
    return this.noted(problem === null ? session.up() : session.degraded({ reason: problem }));
  };

  /** Degraded while Redis is away, full or read-only: requests are still served. Nothing without REDIS_URL. */
  readonly redis = (): HealthIndicatorResult => {
    if (this.connection === null) return {};
    const problem = this.connection.problem();
    const session = this.indicator.check('redis');
    return this.noted(problem === null ? session.up() : session.degraded({ reason: problem }));
  };

  /** Up even when the file has become invalid: the last valid one is in force, and `problem` describes the error. */
  readonly configuration = (): HealthIndicatorResult => {
    const problem = this.rollouts.configurationProblem;
    const session = this.indicator.check('configuration');
    return problem === null ? session.up() : session.up({ problem });
  };

  readonly tokenization = async (): Promise<HealthIndicatorResult> => {
    const { status, reason } = await this.golden.result();
    const session = this.indicator.check('tokenization');
    if (status === 'down') return this.noted(session.down({ reason }));
    return this.noted(status === 'degraded' ? session.degraded({ reason }) : session.up());
  };

  readonly ready = (): HealthIndicatorResult => {
    const problem = this.readiness.problem();
    const session = this.indicator.check('readiness');
    return this.noted(problem === null ? session.up() : session.down({ reason: problem }));
  };

  readonly startup = (): HealthIndicatorResult => {
    const session = this.indicator.check('startup');
    return this.readiness.hasStarted()
      ? session.up()
      : session.down({ reason: 'not everything has been ready yet' });
  };

  private noted(result: HealthIndicatorResult): HealthIndicatorResult {
    for (const [key, { status, ...figures }] of Object.entries(result)) {
      const last = this.last.get(key);
      this.last.set(key, status);
      if (last === status || (last === undefined && status === 'up')) continue;
      const sentence = `${key} is ${status}${status === 'up' ? ' again' : `: ${JSON.stringify(figures)}`}`;
      if (status === 'up') this.logger.log(sentence);
      else this.logger.warn(sentence);
    }
    return result;
  }
}
