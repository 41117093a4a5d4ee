import { createHash } from 'node:crypto';
import type { Answer } from '../../src/engine/tasks/task.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import type { TaskName } from '../../src/registry/tasks.js';
import type { AnswerPair } from '../../src/rollout/evidence/record.js';

const POSITIVE_OR_NOT = ['NEGATIVE', 'POSITIVE'];

interface Parts {
  readonly model?: string;
  readonly version?: string;
  readonly digest?: string;
  readonly task?: TaskName;
  readonly labels?: readonly string[];
  readonly thresholds?: Readonly<Record<string, number>>;
}

/** A version as cache, comparison and feedback know it: without files, so that nothing can be loaded. */
export function labelVersion({
  model = 'm',
  version = 'v1',
  digest = createHash('sha256').update(version).digest('hex'),
  task = 'text-classification',
  labels = POSITIVE_OR_NOT,
  thresholds,
}: Parts = {}): ModelVersion {
  return { model, version, digest, manifest: { task, labels, thresholds } } as unknown as ModelVersion;
}

/** An answer of these scores about a text of five tokens. */
export const answerOf = (...scores: number[]): Answer => ({
  value: { scores },
  tokens: 5,
  truncated: false,
});

/** One label and its score; null: the version failed. */
export type OneLabel = { readonly label: number; readonly score: number } | null;

const sideOf = (answer: OneLabel): AnswerPair['stable'] =>
  answer === null ? null : { said: [answer.label], score: answer.score };

/** What two versions that give each text one label said about it, as the comparison hands it to the evidence. */
export function pairOf(stable: OneLabel, canary: OneLabel): AnswerPair {
  const isWhole = stable !== null && canary !== null;
  return {
    stable: sideOf(stable),
    canary: sideOf(canary),
    difference: isWhole
      ? { flip: stable.label !== canary.label, distance: canary.score - stable.score }
      : null,
  };
}
