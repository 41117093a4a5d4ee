/**
 * Prefix of the keys under which replicas on one Redis keep a rollout. The state does not expire; a rollout's evidence
 * expires a week after the last write.
 */
const PREFIX = 'serin:rollout:1';

/** The sealed state of a model's rollout. */
export const stateKey = (model: string): string => `${PREFIX}:${model}`;

/** Holds the name of the deciding replica. */
export const LEASE_KEY = `${PREFIX}:lease`;

/** Channel for every written state: the writer's name, a line break, and the sealed state. */
export const STATE_CHANNEL = `${PREFIX}:changes`;

/** The evidence of one rollout, by replica. */
export const evidenceKey = (model: string, rolloutId: string): string =>
  `${PREFIX}:${model}:evidence:${rolloutId}`;

/** The texts that have been counted for one rollout. */
export const textsKey = (model: string, rolloutId: string): string => `${PREFIX}:${model}:texts:${rolloutId}`;
