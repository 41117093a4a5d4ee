/**
 * Where replicas that share a Redis keep a rollout. The state has no time to live; the evidence of a rollout has a
 * week after the last replica has written to it.
 */
const PREFIX = 'serin:rollout:1';

/** The sealed state of a model's rollout. */
export const stateKey = (model: string): string => `${PREFIX}:${model}`;

/** Which replica decides. */
export const LEASE_KEY = `${PREFIX}:lease`;

/** Every state that is written is sent there: the writer's name, a line break, and the sealed state. */
export const STATE_CHANNEL = `${PREFIX}:changes`;

/** What every replica has seen of one rollout, by replica. */
export const evidenceKey = (model: string, rolloutId: string): string =>
  `${PREFIX}:${model}:evidence:${rolloutId}`;

/** Which texts have been counted for it. */
export const textsKey = (model: string, rolloutId: string): string => `${PREFIX}:${model}:texts:${rolloutId}`;
