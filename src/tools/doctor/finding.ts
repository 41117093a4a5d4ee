/** `note`: worth knowing; `warn`: works, but should be mended; `fail`: must be mended. */
export type FindingState = 'ok' | 'note' | 'warn' | 'fail';

/** The result of one check. */
export interface Finding {
  /** The check, e.g. `redis`; several findings may share it. */
  readonly check: string;
  readonly state: FindingState;
  /** The observed state, in one sentence. */
  readonly found: string;
  /** The remedy; null if none is needed. */
  readonly todo: string | null;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found, todo: null });

export const note = (check: string, found: string, todo: string | null = null): Finding => ({
  check,
  state: 'note',
  found,
  todo,
});

export const warn = (check: string, found: string, todo: string): Finding => ({
  check,
  state: 'warn',
  found,
  todo,
});

export const fail = (check: string, found: string, todo: string): Finding => ({
  check,
  state: 'fail',
  found,
  todo,
});

/** Whether something must be mended before this machine should serve. */
export const mustBeMended = (findings: readonly Finding[]): boolean =>
  findings.some(({ state }) => state === 'fail');

const LABELS: Readonly<Record<FindingState, string>> = {
  ok: 'ok    ',
  note: 'note  ',
  warn: 'WARN  ',
  fail: 'FAIL  ',
};

/** One line per finding with its remedy below it, and the counts at the end. */
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
