import type { EvidenceDocument } from './evidence/evidence-document.js';
import type { RolloutEvidence } from './evidence/rollout-evidence.js';
import type { RolloutDocument } from './rollout-types.js';

/** The stored state of one model's rollout. */
export interface StoredRollout {
  /** Null when there is no state, or when the stored state cannot be used. */
  readonly document: RolloutDocument | null;
  /**
   * Why the stored state cannot be used (a truncated or edited file, an unknown schema); null when there is no problem.
   */
  readonly problem: string | null;
}

/**
 * `conflict`: another process has written another revision, which is `current`. `refused`: this process may not write.
 * `failed`: the document could not be written, but the same call may succeed later.
 */
export type SaveResult =
  | { readonly kind: 'saved' }
  | { readonly kind: 'conflict'; readonly current: RolloutDocument | null }
  | { readonly kind: 'refused' | 'failed'; readonly reason: string };

/** The evidence that one process has collected about a rollout. */
export interface KeptEvidence {
  readonly document: EvidenceDocument;
  /** Hashes of the texts seen, as RolloutEvidence gives and takes them. */
  readonly seen: Buffer;
}

/**
 * The evidence of the other replicas about the same rollout, as far as this process knows it; null when there is none.
 */
export type EvidenceElsewhere = () => EvidenceDocument | null;

/** Called when another process has written a document. */
export type RolloutListener = (document: RolloutDocument) => void;

/** Storage for the state of rollouts. A service has one store, and a document is never changed in place. */
export abstract class RolloutStore {
  /** Never rejects: a state that cannot be read is reported as `problem`. */
  abstract load(model: string): Promise<StoredRollout>;

  /**
   * Writes the document if the store still holds `expectedRevision` (null: no document). A document with the same
   * revision only updates the progress. The document is durable once the promise resolves to `saved`. Never rejects.
   */
  abstract compareAndSet(document: RolloutDocument, expectedRevision: number | null): Promise<SaveResult>;

  /** @returns a function that removes the listener */
  abstract onChange(listener: RolloutListener): () => void;

  /**
   * Stores this process's evidence about rollout `rolloutId`, in place of its earlier evidence. Never rejects; false
   * when storing failed.
   */
  abstract saveEvidence(model: string, rolloutId: string, evidence: KeptEvidence): Promise<boolean>;

  /** The stored evidence of this rollout; null when there is none that can be used. Never rejects. */
  abstract loadEvidence(model: string, rolloutId: string): Promise<KeptEvidence | null>;

  /** Whether this process makes automatic moves (ramp, gates, configuration). At most one replica does. */
  abstract leads(): boolean;

  /** Whether this process may roll a bad canary back automatically, even when it may make no other move. */
  mayRollBack(): boolean {
    return this.leads();
  }

  /** Why this process may never write, in one sentence; null when it may. */
  abstract refusal(): string | null;

  /**
   * From now on, shares this process's evidence about a rollout with the other replicas; null where there are no
   * others.
   */
  abstract share(model: string, rolloutId: string, own: RolloutEvidence): EvidenceElsewhere | null;

  /** Why the store cannot write now, in one sentence; null when it can. Shown in /health. */
  abstract problem(): string | null;

  abstract close(): Promise<void>;
}
