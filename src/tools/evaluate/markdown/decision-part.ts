import { count, counted } from '../../../base/format.js';
import type { EvaluationReport } from '../report.js';

export function decisionLines({ decision: { accepted, checks, runs } }: EvaluationReport): string[] {
  const marks = { pass: 'yes', fail: '**NO**', not_checked: 'not checked' };
  const verdict = accepted ? '**Accepted.**' : '**Refused.**';
  const alone = runs === 'alone' ? ' It runs one text at a time.' : '';
  return [
    `${verdict}${alone}`,
    '',
    ...checks.map(
      ({ check, state, sentence }) => `- ${check.replaceAll('_', ' ')}: ${marks[state]}: ${sentence}`,
    ),
  ];
}

export function dataLines({
  name: file,
  n,
  rows,
  sha256,
  duplicates,
  contradictions,
}: EvaluationReport['data']): string[] {
  const part = n === rows ? counted(n, 'text') : `${count(n)} of ${counted(rows, 'text')}, evenly spread`;
  const other = contradictions === 0 ? '' : `, ${count(contradictions)} of them with another label`;
  const twice = duplicates === 0 ? 'none twice' : `${counted(duplicates, 'repeated text')}${other}`;
  return [`Data: ${file}, ${part}, ${twice}, sha256 ${sha256.slice(0, 12)}.`];
}
