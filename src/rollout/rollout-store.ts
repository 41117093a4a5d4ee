import type { EvidenceDocument } from './evidence/evidence-document.js';
import type { RolloutEvidence } from './evidence/rollout-evidence.js';
import type { RolloutDocument } from './rollout-types.js';

/** What a store knows about one model. */
export interface StoredRollout {
  /** Null when there is no state: nothing was ever moved, or what was there cannot be used. */
  readonly document: RolloutDocument | null;
  /** Why what was there cannot be used (a torn or edited file, an unknown schema); null when all is well. */
  readonly problem: string | null;
}

/**
 * `conflict`: somebody else has written another revision, which is `current`. `refused`: this process has no right to
 * write. `failed`: it could not be written, and the same call may succeed later.
 */
export type SaveResult =
  | { readonly kind: 'saved' }
  | { readonly kind: 'conflict'; readonly current: RolloutDocument | null }
  | { readonly kind: 'refused' | 'failed'; readonly reason: string };

/** What one process has seen of a rollout. */
export interface KeptEvidence {
  readonly document: EvidenceDocument;
  /** Hashes of the texts seen, as RolloutEvidence gives and takes them. */
  readonly seen: Buffer;
}

/** What other replicas have seen of the same rollout, as far as it is known here; null when there are none. */
export type EvidenceElsewhere = () => EvidenceDocument | null;

/** Called when somebody else has written a document. */
export type RolloutListener = (document: RolloutDocument) => void;

/**
 * Where the state of rollouts is kept. One store for a service; a document is never changed in place.
 */
export abstract class RolloutStore {
  /** Never rejects: what cannot be read is a `problem`. */
  abstract load(model: string): Promise<StoredRollout>;

  /**
   * Writes the document if the store still holds `expectedRevision` (null: no document). A document of the same
   * revision is a save of its progress. Durable once it resolves to `saved`. Never rejects.
   */
  abstract compareAndSet(document: RolloutDocument, expectedRevision: number | null): Promise<SaveResult>;

  /** @returns how to stop listening */
  abstract onChange(listener: RolloutListener): () => void;

  /** Keeps what this process has seen of rollout `rolloutId`; the last one wins. Never rejects; false when it failed. */
  abstract saveEvidence(model: string, rolloutId: string, evidence: KeptEvidence): Promise<boolean>;

  /** What was kept for this rollout; null when there is nothing that can be used. Never rejects. */
  abstract loadEvidence(model: string, rolloutId: string): Promise<KeptEvidence | null>;

  /** Whether this process moves rollouts by itself (ramp, gates, configuration): at most one of many does. */
  abstract leads(): boolean;

  /** Whether this process takes a bad canary out by itself, also when it may do nothing else. */
  mayRollBack(): boolean {
    return this.leads();
  }

  /** Why this process has no right to write at all, in one sentence; null when it has. */
  abstract refusal(): string | null;

  /** Adds what this process sees of a rollout to what others see of it, from now on; null where there are no others. */
  abstract share(model: string, rolloutId: string, own: RolloutEvidence): EvidenceElsewhere | null;

  /** Why nothing can be written now, in one sentence; null when all is well. Shown in /health. */
  abstract problem(): string | null;

  abstract close(): Promise<void>;
}
