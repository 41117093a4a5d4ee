import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../base/errors/app-error.js';
import type { Move, ModelRollout } from '../../rollout/model-rollout.js';
import {
  clear,
  clearFirst,
  pause,
  promote,
  resume,
  rollBack,
  setPercent,
  start,
} from '../../rollout/rollout-machine.js';
import { CanaryService } from '../canary/canary.service.js';
import { RolloutConfiguration } from './rollout-configuration.js';
import { RolloutJudge } from './rollout-judge.js';
import { RolloutVersions } from './rollout-versions.js';
import { RolloutService } from './rollout.service.js';
import { VerdictEstimates } from './verdict-estimates.js';
import { candidateOf, isSameCandidate } from '../../rollout/candidate.js';
import type {
  CandidateRef,
  MoveCause,
  RolloutDocument,
  RolloutView,
  VersionRef,
} from '../../rollout/rollout-types.js';
import { rolloutView } from '../../rollout/rollout-view.js';
import { isReadable } from '../../rollout/who-decides.js';

/** A call under /admin. */
export interface AdminCall {
  readonly requestId: string;
  /** The caller's reason; stored with the move. */
  readonly reason?: string | undefined;
  /** The revision that the caller expects; undefined when the caller does not check it. */
  readonly revision?: number | undefined;
}

/** The body of PUT. */
export interface ShareRequest {
  /** The canary's version; undefined keeps the current canary. */
  readonly version?: string | undefined;
  /** Share in percent, 0 to 100, with at most two decimals. */
  readonly percent: number;
  /** Accepts a version whose accuracy is not on record. */
  readonly force?: boolean | undefined;
}

/** Moves that take no figures. */
export type AdminMove = 'promote' | 'rollback' | 'clear' | 'pause' | 'resume';

/** Shows rollouts to people and makes the moves that people ask for. */
@Injectable()
export class RolloutAdmin {
  constructor(
    private readonly service: RolloutService,
    private readonly configuration: RolloutConfiguration,
    private readonly versions: RolloutVersions,
    private readonly judge: RolloutJudge,
    private readonly canary: CanaryService,
    private readonly estimates: VerdictEstimates,
  ) {}

  views(): RolloutView[] {
    return this.service.models().map((model) => this.view(model));
  }

  /** @throws AppError MODEL_NOT_FOUND */
  view(model: string): RolloutView {
    const rollout = this.service.rollout(model);
    const { document } = rollout;
    const { versions, judge } = this;
    return rolloutView({
      document,
      decided: this.service.decided(rollout),
      stable: versions.view(model, document.stable),
      canary: versions.view(model, document.canary),
      lastGood: versions.view(model, document.last_good),
      judgement: judge.judgement(document),
      estimate: this.estimates.of(document),
      figures: judge.figures(document),
      flips: judge.flips(document),
      inFlight: document.canary === null ? 0 : this.canary.inFlight(model, candidateOf(document.canary)),
      problems: this.service.problems(rollout),
    });
  }

  /**
   * @throws AppError MODEL_NOT_FOUND, VERSION_NOT_FOUND, VERSION_NOT_READY, VERSION_REFUSED, CONFLICT,
   *   STATE_UNAVAILABLE, INVALID_REQUEST for the stable version as its own canary
   */
  async set(
    model: string,
    { version, percent, force = false }: ShareRequest,
    call: AdminCall,
  ): Promise<RolloutView> {
    const rollout = this.service.rollout(model);
    const what = `${version ?? rollout.document.canary?.version ?? 'the canary'} at ${String(percent)} %`;
    const cause = this.cause(call, `set ${what}`);
    const move: Move = (document) => {
      const name = version ?? document.canary?.version;
      const isCanary = name !== undefined && name === document.canary?.version;
      if (name === document.stable.version && !isCanary) throw isStable(model, name);
      if (name === undefined || (percent === 0 && isCanary)) {
        return setPercent(document, percent, this.judge.moveContext(document, cause));
      }
      const { ref: found, forced } = this.versions.candidate(model, name, force || isForced(document, name));
      const ref = withPolicyOf(document.canary, found);
      if (isSameCandidate(ref, document.canary) && document.revision > 0 && !wasTakenOut(document)) {
        const asForced = { ...document, forced: document.forced || forced };
        return setPercent(asForced, percent, this.judge.moveContext(document, cause));
      }
      return this.begin(document, ref, percent, forced, cause);
    };
    await this.move(rollout, move, percent === 0, call.revision);
    return this.view(model);
  }

  /** @throws AppError as {@link set} */
  async act(model: string, name: AdminMove, call: AdminCall): Promise<RolloutView> {
    const rollout = this.service.rollout(model);
    const cause = this.cause(call, name);
    const moves: Record<AdminMove, Move> = {
      promote: (document) => {
        if (document.canary !== null && document.phase !== 'rolled_back') {
          this.versions.candidate(model, document.canary.version, document.forced);
        }
        return promote(document, this.judge.moveContext(document, cause));
      },
      rollback: (document) => {
        this.checkWayBack(document);
        return rollBack(document, this.judge.moveContext(document, cause));
      },
      clear: (document) =>
        clear(document, this.judge.moveContext(document, cause), this.sectionNow(document)),
      pause: (document) => pause(document, this.judge.moveContext(document, cause)),
      resume: (document) => resume(document, this.judge.moveContext(document, cause)),
    };
    await this.move(rollout, moves[name], name === 'rollback', call.revision);
    return this.view(model);
  }

  /** Makes a move. A move that takes the canary out is in force before it is written. */
  private async move(
    rollout: ModelRollout,
    move: Move,
    takesOut: boolean,
    revision: number | undefined,
  ): Promise<void> {
    if (takesOut) await this.service.rollBackAtOnce(rollout, move, revision);
    else await rollout.move(move, { revision });
  }

  private begin(
    document: RolloutDocument,
    canary: CandidateRef,
    percent: number,
    forced: boolean,
    cause: MoveCause,
  ): ReturnType<Move> {
    const bad = document.rolled_back.find((entry) => isSameCandidate(entry, canary));
    if (bad !== undefined) {
      const sentence = `${bad.version} was rolled back at ${bad.at}; ${clearFirst(document.model)}.`;
      return { kind: 'refused', sentence };
    }
    const { steps, mode } = this.configuration.wishOf(document.model);
    return start(
      document,
      {
        rolloutId: randomUUID(),
        stable: document.stable,
        canary,
        percent,
        mode: mode === 'shadow' ? 'manual' : mode,
        steps,
        forced,
        origin: { by: 'admin', canary_percent: null },
        configuration: this.sectionNow(document),
      },
      this.judge.moveContext(document, cause),
    );
  }

  /**
   * Fingerprint of the configuration section that the state is based on from now on. For a section that cannot be read
   * the old fingerprint stays: otherwise the section would look changed once it is readable, and the file would undo
   * the admin's move.
   */
  private sectionNow({ model, configuration }: RolloutDocument): string {
    const wish = this.configuration.wishOf(model);
    return isReadable(wish) ? wish.fingerprint : configuration;
  }

  /** The former stable version must be ready: without it a rollback would be an outage. */
  private checkWayBack({ model, phase, last_good: lastGood }: RolloutDocument): void {
    if (phase !== 'promoted' || lastGood === null) return;
    this.versions.candidate(model, lastGood.version, true);
  }

  private cause({ requestId, reason }: AdminCall, what: string): MoveCause {
    const detail = reason === undefined || reason === '' ? what : `${what}: ${reason}`;
    return { by: 'admin', detail, request_id: requestId };
  }
}

/**
 * Whether the gates rolled this canary back and an admin then cleared it. The old evidence would roll it back again at
 * once, so its next share starts a new rollout.
 */
function wasTakenOut({ phase, history }: RolloutDocument): boolean {
  const last = history.findLast(({ move }) => move === 'start' || move === 'roll_back');
  return phase === 'idle' && last?.cause.by === 'gate';
}

/** A call names only a version. When it is the canary's version, the call means the canary with its policy. */
const withPolicyOf = (canary: CandidateRef | null, found: VersionRef): CandidateRef =>
  canary?.policy != null && canary.digest === found.digest ? { ...found, policy: canary.policy } : found;

const isForced = ({ forced, canary }: RolloutDocument, name: string): boolean =>
  forced && canary?.version === name;

function isStable(model: string, name: string): AppError {
  const message = `version ${name} of ${model} is the stable version: allowed is another one`;
  return new AppError('INVALID_REQUEST', `${message}.`, { errors: [{ field: 'version', message }] });
}
