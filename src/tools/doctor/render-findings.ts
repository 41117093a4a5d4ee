import type { Finding, FindingState } from './finding.js';

const LABELS: Readonly<Record<FindingState, string>> = {
  ok: 'ok    ',
  note: 'note  ',
  warn: 'WARN  ',
  fail: 'FAIL  ',
};

/** One line per finding, what to do under it, and the count at the end. */
export function renderFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length), 0);
  const lines = findings.flatMap(({ check, state, found, todo }) => {
    const head = `${LABELS[state]}${check.padEnd(width)}  `;
    return [`${head}${found}`, ...(todo === null ? [] : [`${' '.repeat(head.length)}→ ${todo}`])];
  });
  const number = (wanted: FindingState): number => findings.filter(({ state }) => state === wanted).length;
  const failed = number('fail');
  const verdict = failed === 0 ? 'nothing must be mended' : `${failed} must be mended`;
  return `${lines.join('\n')}\n\n${findings.length} findings: ${verdict}; ${number('warn')} warnings, ${number('note')} notes\n`;
}
