import type { ModelVersion } from '../../registry/model-version.js';
import type { RollingResult } from '../../engine/pool/rolling-load.js';

/**
 * What loading and unloading a version may do with the worker pool; bound to the executor that owns the pool. The
 * states `warming`, `ready` and `failed` reach the registry from there, as the workers report them.
 */
export abstract class VersionHost {
  /** Loads a verified version into every worker at once, at the start, when there is no traffic to protect. */
  abstract load(version: ModelVersion): void;

  /** Loads a verified version into one worker after the other while the rest infer; one version at a time. */
  abstract loadOneByOne(version: ModelVersion): Promise<RollingResult>;

  /** Texts of a version that wait or run. */
  abstract textsOf(version: ModelVersion): number;

  /** Fails what still waits for a version and takes it from every worker; resolves when its memory is released. */
  abstract unload(version: ModelVersion): Promise<void>;

  /** Process ids of the workers, the spares among them. */
  abstract workerPids(): number[];
}
