import type { ModelVersion } from '../../registry/model-version.js';
import type { Answer } from '../../engine/tasks/task.js';

/** Names one entry, in every level. */
export interface CacheKey {
  /** 64 hexadecimal digits: sha256 of the key's format, the version's digest, the view and the well-formed text. */
  readonly id: string;
  /** Whose answer it is; the version's digest says which entries are its own. */
  readonly version: ModelVersion;
}

export interface CacheEntry {
  readonly key: CacheKey;
  readonly answer: Answer;
}

/** Which entries go; a field that is absent does not restrict, so `{}` means all. */
export interface PurgeScope {
  readonly model?: string;
  /** sha256 of a version's manifest, 64 hexadecimal digits. */
  readonly versionDigest?: string;
}

/** Whether an entry is one of those that go. */
export function inScope({ version }: CacheKey, { model, versionDigest }: PurgeScope): boolean {
  return (
    (model === undefined || version.model === model) &&
    (versionDigest === undefined || version.digest === versionDigest)
  );
}

/**
 * A cache behind the one in memory, shared by several processes. It may be slow or gone at any time, and no request
 * may notice: it answers in time or not at all, and never with an error.
 */
export interface SecondLevel {
  /**
   * The rows that it has, in the order of the keys; undefined where it has none, or could not say within its own
   * deadline of a few milliseconds. Never rejects.
   */
  get(keys: readonly CacheKey[]): Promise<readonly (Answer | undefined)[]>;
  /** Takes entries to be written; returns at once and never throws. */
  put(entries: readonly CacheEntry[]): void;
  /** Resolves when the entries are gone; false when the level could not be told. Never rejects. */
  purge(scope: PurgeScope): Promise<boolean>;
}

/** Injection token of the {@link SecondLevel}; null when none is configured. */
export const SECOND_LEVEL = Symbol('SECOND_LEVEL');
