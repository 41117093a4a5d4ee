import type { CauseName, MoveCause } from './rollout-types.js';
import type { Beginning } from './who-decides.js';

/** The cause of a move that was not requested under /admin. @param detail a sentence for people */
export const byItself = (by: CauseName, detail: string): MoveCause => ({ by, detail, request_id: null });

/** The cause of a rollout that CANARY_PERCENT or the configuration file begins. */
export function causeOf({ origin, canary, percent }: Beginning): MoveCause {
  const share = `${canary?.version ?? 'no canary'}, ${String(percent)} %`;
  return origin.by === 'environment'
    ? byItself('environment', `CANARY_PERCENT: ${share}`)
    : byItself('configuration', `the rollout section of the file: ${share}`);
}
