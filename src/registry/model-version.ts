import type { Manifest } from './manifest.js';

/**
 * discovered → loading → warming → ready → draining → unloaded; from each of them but the last also failed.
 * `discovered`: found in the folder, not asked for.
 */
export type VersionState =
  'discovered' | 'loading' | 'warming' | 'ready' | 'draining' | 'unloaded' | 'failed';

/** One version of one model, as the registry knows it. Immutable but for its state, which only the registry moves. */
export interface ModelVersion {
  readonly model: string;
  readonly version: string;
  readonly folder: string;
  /** sha256 of manifest.json, hex. */
  readonly digest: string;
  /** `<model>/<version>@<first 12 of digest>`: names it in messages between processes. */
  readonly key: string;
  readonly manifest: Manifest;
}
