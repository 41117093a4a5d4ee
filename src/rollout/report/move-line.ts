import type { RolloutMove } from '../rollout-types.js';

/** One move of the history. */
export function moveLine({ at, move, from, to, cause, forced }: RolloutMove): string {
  const version = to.canary ?? from.canary ?? to.stable;
  const change =
    from.phase === to.phase && from.percent === to.percent
      ? to.phase
      : `${from.phase} ${from.percent} % → ${to.phase} ${to.percent} %`;
  return `${at}  ${move}  ${version}  ${change}  by ${cause.by}: ${cause.detail}${forced ? ' (forced)' : ''}`;
}
