import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../../bench/files/agreement.js';
import { redoneLines } from '../../../bench/files/crash.js';
import { withPart, withServicePart } from '../../../bench/report/report-file.js';

describe('lines done twice', () => {
  const pace = { cpuSPerLine: 0.001, startCpuS: 0.5 };

  it('are those that there was time for, less those that were left', () => {
    expect(redoneLines({ workersCpuS: 3.5, doneBefore: 10_000, doneAfter: 12_000 }, pace)).toBe(1_000);
  });

  it('are none before a worker is ready, nor when more was left than expected', () => {
    expect(redoneLines({ workersCpuS: 0.4, doneBefore: 7, doneAfter: 7 }, pace)).toBe(0);
    expect(redoneLines({ workersCpuS: 1.5, doneBefore: 0, doneAfter: 1_100 }, pace)).toBe(0);
  });
});

it('a sentence without an answer agrees with nothing', () => {
  const answers = [
    { label: 'A', score: 0.5 },
    { label: 'B', score: 0.6 },
  ];
  expect(compareAnswers([{ label: 'A', score: 0.25 }, ...answers.slice(1)], answers)).toEqual({
    texts: 2,
    sameLabels: 2,
    maxScoreDifference: 0.25,
  });
  expect(compareAnswers(answers.slice(0, 1), answers)).toMatchObject({
    sameLabels: 1,
    maxScoreDifference: 1,
  });
});

describe('docs/benchmarks.md', () => {
  it('keeps the part of the one run when the other writes its own', () => {
    const first = withServicePart('', '# Benchmarks\n\nservice 1\n');
    const second = withPart(first, 'memory', '## Memory\n\nmemory 1\n');
    const third = withPart(second, 'files', '## Files\n\nfiles 1\n');
    const fourth = withServicePart(third, '# Benchmarks\n\nservice 2\n');
    const service = '# Benchmarks\n\nservice 2\n';
    const files = '\n<!-- files -->\n\n## Files\n\nfiles 1\n';
    const memory = '\n<!-- memory -->\n\n## Memory\n\nmemory 1\n';
    expect(fourth).toBe(`${service}${files}${memory}`);
    expect(withPart(fourth, 'memory', '## Memory\n\nmemory 2\n')).toBe(
      `${service}${files}${memory.replace('memory 1', 'memory 2')}`,
    );
  });

  it('has a heading also when the files are measured first', () => {
    expect(withPart('', 'files', '## Files\n')).toBe('# Benchmarks\n\n<!-- files -->\n\n## Files\n');
  });
});
