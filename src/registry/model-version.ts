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

/** Which state may follow which. `failed` may be loaded again: a file may have been mended. */
const NEXT: Readonly<Record<VersionState, readonly VersionState[]>> = {
  discovered: ['loading', 'failed'],
  loading: ['warming', 'ready', 'failed', 'draining'],
  warming: ['ready', 'failed', 'draining'],
  ready: ['draining', 'failed'],
  draining: ['unloaded', 'failed'],
  unloaded: ['loading'],
  failed: ['loading', 'warming', 'ready'],
};

/** True when a version may move from one state to the other. */
export function mayFollow(from: VersionState, to: VersionState): boolean {
  return NEXT[from].includes(to);
}
