import { isJsonObject } from '../base/json-object.js';
import { createHash } from 'node:crypto';
import { plainRollout, type RolloutConfig } from '../base/config/rollout-config.js';

/** The identity of a rollout section: its values, and the digests of the versions that it names. */
export interface SectionMeaning {
  readonly config: RolloutConfig;
  readonly stableDigest: string;
  readonly canaryDigest: string | null;
}

const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * The part of a value that differs from `preset`, sorted by name. Of a map, only the values that differ are kept. A
 * list that differs is kept with all its items; of each map in it, the values that differ from the first map of the
 * preset's list.
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
 * The fingerprint of a section. Two sections with the same meaning have the same fingerprint, whether a default is
 * written out or not. Only values that differ from the defaults enter it: otherwise a release with more keys would
 * consider an unchanged section changed, and begin a running rollout again. The fingerprint is stored with each
 * rollout, so its form must not change between releases.
 * @param preset the section with only the versions named and defaults for everything else
 */
export function sectionFingerprint(
  { config, stableDigest, canaryDigest }: SectionMeaning,
  preset: RolloutConfig = plainRollout(config.stable, config.canary),
): string {
  const { stable, canary } = config;
  return sha256([1, stable, stableDigest, canary, canaryDigest, differing(config, preset)]);
}
