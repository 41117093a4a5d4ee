import { isJsonObject } from '../base/json-object.js';
import { createHash } from 'node:crypto';
import { plainRollout, type RolloutConfig } from '../base/config/rollout-config.js';

/** What tells one rollout section from another: its values, and the files behind the names of its versions. */
export interface SectionMeaning {
  readonly config: RolloutConfig;
  readonly stableDigest: string;
  readonly canaryDigest: string | null;
}

const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * What is not as in `preset`, in the order of the names. Of a map the values that differ; a list that differs is there as
 * a whole, its maps by what differs from the first one of the preset.
 */
function differing(value: unknown, preset: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(preset)) {
    return value.map((item: unknown) => differing(item, preset[0]));
  }
  if (!isJsonObject(value) || !isJsonObject(preset)) return value;
  const names = Object.keys(value).sort();
  const changed = names.filter((name) => !isSame(value[name], preset[name]));
  return Object.fromEntries(changed.map((name) => [name, differing(value[name], preset[name])]));
}

/**
 * The name of a section: equal for two that ask for the same, whether a default is written out or not. Only what differs
 * from the defaults is in it: a release that knows more keys must not take the section that it finds for a changed one,
 * and begin a running rollout anew. Kept with each rollout, so it may not change from release to release.
 * @param preset what the section would be if it named the versions alone
 */
export function sectionFingerprint(
  { config, stableDigest, canaryDigest }: SectionMeaning,
  preset: RolloutConfig = plainRollout(config.stable, config.canary),
): string {
  const { stable, canary } = config;
  return sha256([1, stable, stableDigest, canary, canaryDigest, differing(config, preset)]);
}
