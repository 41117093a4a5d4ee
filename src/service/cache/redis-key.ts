import type { CacheKey, PurgeScope } from './second-level.js';

/** Every key of the second level, whatever its format: what a purge of everything takes away. */
const NAMESPACE = 'serin:cache';

/** Changes with the form of a key. The form of a value has a version of its own. */
const FORMAT = 1;

/**
 * `serin:cache:1:<model>:<version digest>:<id>`. The id alone would do; model and digest stand before it so that a
 * purge can find the keys, and a person can read them. No hash tag: Serin speaks to one server, not to a cluster.
 */
export const redisKey = ({ id, version }: CacheKey): string =>
  `${NAMESPACE}:${FORMAT}:${version.model}:${version.digest}:${id}`;

/** A SCAN pattern for what a purge takes. Names of models hold no character that a pattern would read otherwise. */
export const purgePattern = ({ model, versionDigest }: PurgeScope): string =>
  model === undefined && versionDigest === undefined
    ? `${NAMESPACE}:*`
    : `${NAMESPACE}:${FORMAT}:${model ?? '*'}:${versionDigest ?? '*'}:*`;
