import { start, untouched } from '../../src/rollout/rollout-machine.js';
import type { CandidateRef, PolicyRef, RolloutDocument } from '../../src/rollout/rollout-types.js';

/** A policy of this name. */
export const policyRef = (name: string): PolicyRef => ({ name, digest: name.repeat(64).slice(0, 64) });

/** A rollout of sentiment that an admin has begun at 50 %, in manual mode. */
export function candidateDocument({
  stable,
  canary,
  configuration,
}: {
  readonly stable: CandidateRef;
  readonly canary: CandidateRef;
  readonly configuration: string;
}): RolloutDocument {
  const common = { stable, canary, mode: 'manual', steps: [], configuration } as const;
  const begun = start(
    untouched('sentiment', common),
    { ...common, rolloutId: 'r1', percent: 50, forced: true, origin: { by: 'admin', canary_percent: null } },
    {
      at: '2026-01-01T00:00:00.000Z',
      cause: { by: 'admin', detail: 'because', request_id: null },
      figures: null,
    },
  );
  if (begun.kind !== 'moved') throw new Error(JSON.stringify(begun));
  return begun.document;
}
