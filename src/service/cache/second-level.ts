import type { ModelVersion } from '../../registry/model-version.js';
import type { Answer } from '../../engine/tasks/task.js';

/** The key of one entry, the same in every cache level. */
export interface CacheKey {
  /** 64 hexadecimal digits: sha256 of the key's format, the version's digest, the view and the well-formed text. */
  readonly id: string;
  /** The version that answered; its digest decides which entries a purge of a version removes. */
  readonly version: ModelVersion;
}

export interface CacheEntry {
  readonly key: CacheKey;
  readonly answer: Answer;
}

/** The entries to remove. An absent field does not restrict, so `{}` means all entries. */
export interface PurgeScope {
  readonly model?: string;
  /** sha256 of a version's manifest, 64 hexadecimal digits. */
  readonly versionDigest?: string;
}

/** Whether an entry belongs to the scope. */
export function inScope({ version }: CacheKey, { model, versionDigest }: PurgeScope): boolean {
  return (
    (model === undefined || version.model === model) &&
    (versionDigest === undefined || version.digest === versionDigest)
  );
}

/**
 * A cache behind the memory cache, shared by several processes. It may be slow or unavailable at any time without harm
 * to a request: it answers in time or not at all, and never with an error.
 */
export interface SecondLevel {
  /**
   * The answers, in the order of the keys; undefined where the level has no answer, or gave none within its own
   * deadline of a few milliseconds. Never rejects.
   */
  get(keys: readonly CacheKey[]): Promise<readonly (Answer | undefined)[]>;
  /** Queues entries for writing; returns at once and never throws. */
  put(entries: readonly CacheEntry[]): void;
  /**
   * Resolves with true when the entries are removed, and with false when the level could not be reached. Never rejects.
   */
  purge(scope: PurgeScope): Promise<boolean>;
}

/** Injection token of the {@link SecondLevel}; null when none is configured. */
export const SECOND_LEVEL = Symbol('SECOND_LEVEL');
