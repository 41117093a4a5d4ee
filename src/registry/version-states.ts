import type { VersionState } from './model-version.js';

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
