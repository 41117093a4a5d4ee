import type { CacheKey, PurgeScope } from './second-level.js';

/**
 * Prefix of every key of the second level, in every format; a purge of everything removes all keys with this prefix.
 */
const NAMESPACE = 'serin:cache';

/** Version of the key's format. The value's format has its own version. */
const FORMAT = 1;

/**
 * `serin:cache:1:<model>:<version digest>:<id>`. The id alone is unique; the model and the digest come before it so
 * that a purge can find the keys and a person can read them. There is no hash tag: Serin uses one server, not a
 * cluster.
 */
export const redisKey = ({ id, version }: CacheKey): string =>
  `${NAMESPACE}:${FORMAT}:${version.model}:${version.digest}:${id}`;

/** The SCAN pattern of a purge. Model names contain no special character of such patterns. */
export const purgePattern = ({ model, versionDigest }: PurgeScope): string =>
  model === undefined && versionDigest === undefined
    ? `${NAMESPACE}:*`
    : `${NAMESPACE}:${FORMAT}:${model ?? '*'}:${versionDigest ?? '*'}:*`;
