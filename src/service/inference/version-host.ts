import type { ModelVersion } from '../../registry/model-version.js';
import type { RollingResult } from '../../engine/pool/rolling-load.js';

/**
 * The operations on the worker pool that load and unload versions; bound to the executor that owns the pool. The
 * executor also reports the states `warming`, `ready` and `failed` to the registry, as the workers reach them.
 */
export abstract class VersionHost {
  /** Loads a verified version into every worker at once, at the start, when there is no traffic to protect. */
  abstract load(version: ModelVersion): void;

  /**
   * Loads a verified version into one worker after the other while the other workers keep inferring. One version at a
   * time.
   */
  abstract loadOneByOne(version: ModelVersion): Promise<RollingResult>;

  /** Number of texts of a version that wait or run. */
  abstract textsOf(version: ModelVersion): number;

  /**
   * Fails the waiting texts of a version and removes the version from every worker; resolves when its memory is
   * released.
   */
  abstract unload(version: ModelVersion): Promise<void>;

  /** Process ids of the workers, including the spares. */
  abstract workerPids(): number[];
}
