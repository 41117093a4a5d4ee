import {
  isUnderWay,
  type RolloutView,
  type VersionRef,
  type VersionView,
} from '../../../rollout/rollout-types.js';
import { StartError } from '../../../base/errors/start-error.js';

/** The two versions of a drill. */
export interface DrillPair {
  readonly stable: VersionRef;
  readonly canary: VersionRef;
}

const refOf = ({ version, digest }: VersionRef): VersionRef => ({ version, digest });

/**
 * Checks whether a drill may start: no rollout is running, there are no problems, and there is a canary.
 * @param version the canary to be; undefined: the one that the rollout has
 * @throws StartError that says what to do first
 */
export function checkBefore(view: RolloutView, version: string | undefined): DrillPair {
  const { model_name: model, phase, percent, stable, canary, decided_by: decidedBy, problems } = view;
  if (isUnderWay(phase)) {
    throw new StartError(
      `A rollout of ${model} is ${phase} at ${percent} %: let it end, or say serin canary set ${model} --percent 0.`,
    );
  }
  if (phase === 'rolled_back') {
    throw new StartError(
      `${canary?.version ?? 'The canary'} was rolled back: say serin canary clear ${model} first.`,
    );
  }
  if (decidedBy === 'canary_percent_0') {
    throw new StartError('CANARY_PERCENT=0 holds the canary at 0 %: start the service without it.');
  }
  const [problem] = problems;
  if (problem !== undefined) throw new StartError(`All is not well with ${model}: ${problem}`);
  const ready = readyCanary(canary, version, model);
  if (stable?.state === 'ready') return { stable: refOf(stable), canary: ready };
  throw new StartError(`The stable version of ${model} is ${stable?.state ?? 'missing'}, not ready.`);
}

function readyCanary(canary: VersionView | null, version: string | undefined, model: string): VersionRef {
  // Another version than the rollout's own: whether it may serve, the service says when its share is set.
  if (version !== undefined && version !== canary?.version) return { version, digest: '' };
  if (canary === null) {
    throw new StartError(`The rollout of ${model} has no canary: name one with --version.`);
  }
  if (canary.state === 'ready') return refOf(canary);
  throw new StartError(`The canary ${canary.version} is ${canary.state}, not ready.`);
}
