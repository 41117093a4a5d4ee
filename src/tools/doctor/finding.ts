import { counted } from '../../base/format.js';
import { PLAIN, type Screen, type Style } from '../../base/terminal/screen.js';
import { wrapLine } from '../../base/terminal/wrap.js';

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

const LABELS: Readonly<Record<FindingState, readonly [label: string, style: Style]>> = {
  ok: ['ok    ', 'green'],
  note: ['note  ', 'bold'],
  warn: ['WARN  ', 'yellow'],
  fail: ['FAIL  ', 'red'],
};

/** Each finding with its remedy below it, and the counts at the end. */
export function renderFindings(findings: readonly Finding[], screen: Screen = PLAIN): string {
  const width = Math.max(...findings.map(({ check }) => check.length), 0);
  const indent = LABELS.ok[0].length + width + 2;
  const below = (text: string, first: string): string[] =>
    wrapLine(text, screen.columns - indent - first.length).map(
      (line, i) => `${' '.repeat(indent)}${i === 0 ? first : ' '.repeat(first.length)}${line}`,
    );
  const lines = findings.flatMap(({ check, state, found, todo }) => {
    const [label, style] = LABELS[state];
    const head = `${screen.paint(style, label)}${check.padEnd(width)}  `;
    const [first = '', ...more] = below(found, '');
    return [head + first.slice(indent), ...more, ...(todo === null ? [] : below(todo, '→ '))];
  });
  const number = (wanted: FindingState): number => findings.filter(({ state }) => state === wanted).length;
  const failed = number('fail');
  const verdict =
    failed === 0
      ? screen.paint('green', 'nothing must be mended')
      : screen.paint('red', `${failed} must be mended`);
  const counts = `${counted(number('warn'), 'warning')}, ${counted(number('note'), 'note')}`;
  return `${lines.join('\n')}\n\n${counted(findings.length, 'finding')}: ${verdict}; ${counts}\n`;
}
