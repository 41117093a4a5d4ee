import type { Row } from './protocol/protocol.js';
import type { ModelVersion } from '../registry/model-version.js';

export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

/** The answer about one text, as it stands in the JSON of both routes. */
export interface TextAnswer {
  readonly label: string;
  readonly score: number;
  readonly model_name: string;
  readonly model_version: string;
  readonly cache_hit: boolean;
  readonly tokens: number;
  readonly truncated: boolean;
  readonly scores?: readonly LabelScore[];
}

/** The first of the highest scores. */
export function indexOfBest(scores: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if ((scores[i] ?? 0) > (scores[best] ?? 0)) best = i;
  return best;
}

/** The best `count` labels, best first; equal scores in the order of the manifest. All of them when there are fewer. */
export function rankLabels(
  labels: readonly string[],
  scores: readonly number[],
  count: number,
): LabelScore[] {
  return labels
    .map((label, i) => ({ label, score: scores[i] ?? 0 }))
    .sort((a, b) => b.score - a.score)
    .slice(0, count);
}

/**
 * @param topK how many labels the client asked for; undefined: only the best, and no `scores`.
 * @param cacheHit whether the row came from a cache
 */
export function textAnswerOf(
  version: ModelVersion,
  row: Row,
  topK: number | undefined,
  cacheHit = false,
): TextAnswer {
  const { labels } = version.manifest;
  const best = indexOfBest(row.scores);
  const answer: TextAnswer = {
    label: labels[best] ?? '',
    score: row.scores[best] ?? 0,
    model_name: version.model,
    model_version: version.version,
    cache_hit: cacheHit,
    tokens: row.tokens,
    truncated: row.truncated,
  };
  return topK === undefined ? answer : { ...answer, scores: rankLabels(labels, row.scores, topK) };
}
