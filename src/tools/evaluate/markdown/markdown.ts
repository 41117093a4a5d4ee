import type { EvaluationReport } from '../report.js';
import { costLines, machineLines, speedLines } from './cost-part.js';
import { dataLines, decisionLines } from './decision-part.js';
import { comparisonLines } from './difference-part.js';
import { confusionLines, labelLines } from './labels-part.js';
import { qualityLines } from './quality-part.js';
import { parityLines, varianceLines } from './stability-part.js';

/** A report for people. */
export function renderMarkdown(report: EvaluationReport): string {
  const { model, candidate, against, comparison, data } = report;
  const versions = against === null ? [candidate] : [candidate, against];
  const title =
    against === null
      ? `${model}/${candidate.version}`
      : `${model}/${candidate.version} against ${against.version}`;
  return [
    [`# Evaluation of ${title}`],
    decisionLines(report),
    dataLines(data),
    qualityLines(versions),
    ...(comparison === null ? [] : [comparisonLines(comparison)]),
    labelLines(versions),
    ...versions.map(confusionLines),
    varianceLines(candidate),
    parityLines(versions),
    costLines(versions),
    speedLines(versions),
    machineLines(report),
  ]
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}
