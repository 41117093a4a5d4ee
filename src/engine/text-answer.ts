import { type LabelScore, namedRanking, topLabel } from './tasks/classified.js';
import type { Answer } from './tasks/task.js';
import type { ModelVersion } from '../registry/model-version.js';

/** The answer for one text, in the JSON form of both routes. */
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

/**
 * @param topK how many labels the client asked for; undefined: only the best label, without `scores`.
 * @param cacheHit whether the answer came from a cache
 */
export function textAnswerOf(
  version: ModelVersion,
  { value, tokens, truncated }: Answer,
  topK: number | undefined,
  cacheHit = false,
): TextAnswer {
  const { labels } = version.manifest;
  const top = topLabel(value);
  const answer: TextAnswer = {
    label: labels[top] ?? '',
    score: value.scores[top] ?? 0,
    model_name: version.model,
    model_version: version.version,
    cache_hit: cacheHit,
    tokens,
    truncated,
  };
  return topK === undefined ? answer : { ...answer, scores: namedRanking(value, labels, topK) };
}
