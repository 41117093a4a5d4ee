import type { Manifest } from './manifest.js';

/**
 * discovered → loading → warming → ready → draining → unloaded; each state except `unloaded` may also change to
 * `failed`. `discovered`: found in the folder, but not requested.
 */
export type VersionState =
  'discovered' | 'loading' | 'warming' | 'ready' | 'draining' | 'unloaded' | 'failed';

/**
 * One version of one model in the registry. Immutable; its state is kept separately, and only the registry changes it.
 */
export interface ModelVersion {
  readonly model: string;
  readonly version: string;
  readonly folder: string;
  /** sha256 of manifest.json, hex. */
  readonly digest: string;
  /** `<model>/<version>@<first 12 of digest>`: identifies the version in messages between processes. */
  readonly key: string;
  readonly manifest: Manifest;
}

/** The allowed changes of state. A `failed` version may be loaded again, because its files may have been repaired. */
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
