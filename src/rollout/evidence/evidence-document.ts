import { mergeSeries, parseSeries, type SeriesDocument } from './series.js';
import { noEvidence, type Evidence } from './counts.js';
import { mergeExamples, type FlipExample } from './flip-examples.js';
import { mergeEvidence } from './merge.js';
import { parseEvidence } from './parse-evidence.js';
import { isJsonObject } from '../../base/json-object.js';

/** The evidence of a rollout as JSON. The hashes of seen texts are stored separately, as bytes. */
export interface EvidenceDocument {
  readonly total: Evidence;
  /** Evidence of the latest steps, by StepInfo.visit. */
  readonly steps: Readonly<Record<string, Evidence>>;
  readonly examples: readonly FlipExample[];
  readonly saturated: boolean;
  /** The course of the rollout over time, for the report. */
  readonly series: SeriesDocument;
}

/** Merges the evidence of several replicas. */
export function mergeDocuments(documents: readonly EvidenceDocument[]): EvidenceDocument {
  const steps: Record<string, Evidence> = {};
  for (const document of documents) {
    for (const [visit, step] of Object.entries(document.steps)) {
      steps[visit] = mergeEvidence(steps[visit] ?? noEvidence(), step);
    }
  }
  return {
    total: mergeEvidence(noEvidence(), ...documents.map(({ total }) => total)),
    steps,
    examples: mergeExamples(...documents.map(({ examples }) => examples)),
    saturated: documents.some(({ saturated }) => saturated),
    series: mergeSeries(...documents.map(({ series }) => series)),
  };
}

const isLabelsOrAbsent = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every(Number.isInteger));

const isExample = (value: unknown): value is FlipExample =>
  isJsonObject(value) &&
  typeof value.hash === 'string' &&
  [value.stableLabel, value.canaryLabel, value.length].every((number) => Number.isInteger(number)) &&
  [value.stableOthers, value.canaryOthers].every(isLabelsOrAbsent) &&
  [value.stableScore, value.canaryScore].every((number) => Number.isFinite(number)) &&
  (value.text === null || typeof value.text === 'string');

/**
 * Checks a document that was read from a file or from Redis.
 * @throws Error naming the place, when it is not evidence
 */
export function parseDocument(document: unknown): EvidenceDocument {
  if (!isJsonObject(document)) throw new Error('evidence: allowed is an object');
  const { total, steps, examples, saturated, series } = document;
  if (!isJsonObject(steps) || Object.keys(steps).some((visit) => !/^\d{1,9}$/.test(visit))) {
    throw new Error('evidence.steps: allowed is an object with the numbers of steps as keys');
  }
  if (!Array.isArray(examples) || !examples.every(isExample)) {
    throw new Error('evidence.examples: allowed is a list of flips');
  }
  if (typeof saturated !== 'boolean') throw new Error('evidence.saturated: allowed are true and false');
  return {
    total: parseEvidence(total),
    steps: Object.fromEntries(Object.entries(steps).map(([visit, step]) => [visit, parseEvidence(step)])),
    examples,
    saturated,
    series: parseSeries(series),
  };
}
