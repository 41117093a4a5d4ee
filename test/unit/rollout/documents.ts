import type { MoveContext, MoveResult, StartRequest } from '../../../src/rollout/rollout-machine.js';
import { start, untouched } from '../../../src/rollout/rollout-machine.js';
import type { CauseName, RolloutDocument, VersionRef } from '../../../src/rollout/rollout-types.js';
import type { FileWish } from '../../../src/rollout/who-decides.js';

export const ref = (version: string): VersionRef => ({ version, digest: version.repeat(32).slice(0, 64) });

export const STEPS = [1, 5, 25, 50, 100].map((percent) => ({ percent, hold_ms: 1000 }));

export const wish = (changes: Partial<FileWish> = {}): FileWish => {
  const section = {
    stable: ref('v1'),
    canary: ref('v2'),
    percent: 0,
    mode: 'manual' as const,
    steps: STEPS,
    isWhole: true,
    ...changes,
  };
  return { ...section, fingerprint: changes.fingerprint ?? JSON.stringify(section) };
};

export const by = (name: CauseName, detail = 'because'): MoveContext => ({
  at: '2026-01-01T00:00:00.000Z',
  cause: { by: name, detail, request_id: null },
  figures: null,
});

export const done = (result: MoveResult): RolloutDocument => {
  if (result.kind !== 'moved') throw new Error(JSON.stringify(result));
  return result.document;
};

export const fresh = (file: FileWish = wish()): RolloutDocument => {
  const { fingerprint: configuration, stable, canary, mode, steps } = file;
  return untouched('sentiment', { stable, canary, mode, steps, configuration });
};

export const begun = (changes: Partial<StartRequest> = {}, before = fresh()): RolloutDocument =>
  done(
    start(
      before,
      {
        rolloutId: 'r1',
        stable: ref('v1'),
        canary: ref('v2'),
        percent: 1,
        mode: 'auto',
        steps: STEPS,
        forced: false,
        origin: { by: 'configuration', canary_percent: null },
        configuration: before.configuration,
        ...changes,
      },
      by('configuration'),
    ),
  );
