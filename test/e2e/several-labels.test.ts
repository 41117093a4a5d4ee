import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { AcceptanceRecord } from '../../src/registry/acceptance.js';
import { makeNode } from '../../src/tools/onnx/attributes.js';
import { makeTensor } from '../../src/tools/onnx/tensor.js';
import type { Manifest } from '../../src/registry/manifest.js';
import type { EvaluationReport } from '../../src/tools/evaluate/evaluation-report.js';
import { ROOT } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';
import type { SmallModel } from '../support/onnx-models.js';
import { EXPORT_WIDTH, EXPORT_WORDS, writeTinyExport } from '../support/tiny-export.js';

vi.setConfig({ testTimeout: 180_000 });

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
const LABELS = ['toxic', 'hate', 'insult'];
const THRESHOLDS = { hate: 0.4 };
const folder = mkdtempSync(join(tmpdir(), 'serin-several-'));
const at = (...names: string[]): string => join(folder, ...names);
const serin = (...args: string[]): Promise<Finished> =>
  runCommand(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { MODEL_REGISTRY: at('registry'), STATE_DIR: at('var'), WORKERS: '1' },
  });
const json = (...names: string[]): unknown => JSON.parse(readFileSync(at(...names), 'utf8'));

/** Distinct texts of three words, with no more pattern than a multiplication gives. */
const texts = Array.from({ length: 300 }, (_, i) =>
  [i, 7 * i + 3, 13 * i + Math.floor(i / 21)].map((k) => EXPORT_WORDS[k % 18]).join(' '),
);

beforeAll(async () => {
  const config = {
    problem_type: 'multi_label_classification',
    id2label: Object.fromEntries(LABELS.map((label, i) => [i, label])),
  };
  // A product that can be quantised, before the one that is the answer.
  const graph = (model: SmallModel): SmallModel => ({
    ...model,
    nodes: [
      ...model.nodes.slice(0, -1),
      makeNode({ opType: 'MatMul', name: 'dense', input: ['pooled', 'middle_weights'], output: ['dense'] }),
      makeNode({ opType: 'MatMul', name: 'logits', input: ['dense', 'head'], output: ['logits'] }),
    ],
    initializers: [
      ...model.initializers,
      makeTensor(
        'middle_weights',
        [EXPORT_WIDTH, EXPORT_WIDTH],
        Float32Array.from({ length: EXPORT_WIDTH ** 2 }, (_, i) => Math.cos(i * 2.3) / 2),
      ),
    ],
  });
  writeTinyExport(at('export'), { logits: 3, config, graph });
  const imported = await serin('models', 'import', 'export', '--as', 'tiny/v1');
  expect(imported.stderr + imported.stdout).toMatch(/serin evaluate tiny\/v1 --against VERSION/);
  // A manifest may be given thresholds after an import.
  const manifest = json('registry/tiny/v1/manifest.json') as Manifest;
  writeFileSync(
    at('registry/tiny/v1/manifest.json'),
    JSON.stringify({ ...manifest, thresholds: THRESHOLDS }),
  );
  writeFileSync(at('texts.jsonl'), texts.map((text) => JSON.stringify({ text })).join('\n'));
}, 180_000);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The labels that the version gives each text, except that every tenth text lacks its first label. */
async function labelledRows(): Promise<string[]> {
  const args = ['--model', 'tiny', '--version', 'v1', '--top-k', '3'];
  const { code, stderr } = await serin('batch', 'texts.jsonl', 'answers.jsonl', ...args);
  expect(stderr).not.toMatch(/Error/);
  expect(code).toBe(0);
  return readFileSync(at('answers.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line, i) => {
      const { text, scores } = JSON.parse(line) as {
        text: string;
        scores: { label: string; score: number }[];
      };
      const cells = LABELS.map((label) => {
        const { score = 0 } = scores.find((one) => one.label === label) ?? {};
        return score >= (label === 'hate' ? THRESHOLDS.hate : 0.5) ? '1' : '0';
      });
      const told = i % 10 === 0 ? ['', ...cells.slice(1)] : cells;
      return [...told, `"${text}"`].join(',');
    });
}

it('a version with several labels per text is evaluated, quantised and evaluated against', async () => {
  writeFileSync(at('data.csv'), `toxic,hate,insult,text\n${(await labelledRows()).join('\n')}\n`);
  const first = await serin(
    ...['evaluate', 'tiny/v1', '--min-accuracy', '0.99', '--data', 'data.csv', '--record', '--json'],
  );
  expect(first.stderr).toMatch(/tiny\/v1 is accepted/);
  const report = JSON.parse(first.stdout) as EvaluationReport;
  expect(report.candidate).toMatchObject({ macro_f1: 1, accuracy: { correct: 300 }, confusion: null });
  const known = report.candidate.several?.labels.map(({ label, threshold, known: n }) => [
    label,
    threshold,
    n,
  ]);
  expect(known).toEqual([
    ['toxic', 0.5, 270],
    ['hate', 0.4, 300],
    ['insult', 0.5, 300],
  ]);
  expect(json('registry/tiny/v1/acceptance.json')).toMatchObject({
    decision: 'accepted',
    figures: { macro_f1: 1, macro_f1_drop_points: null },
  });

  const quantized = await serin(
    ...['quantize', 'tiny/v1', '--to', 'v2', '--calibration', 'texts.jsonl', '--search'],
    ...['--data', 'data.csv', '--max-accuracy-drop', '20'],
  );
  expect(quantized.stderr).toMatch(/layers left out: 0; macro-F1 drops by \d+\.\d\d points, 20 are allowed/);
  expect(quantized.code).toBe(0);
  expect(quantized.stdout.replaceAll(/\s+\\\n\s+/g, ' ')).toMatch(/serin evaluate tiny\/v2 --against v1 /);
  expect(json('registry/tiny/v2/manifest.json')).toMatchObject({ thresholds: THRESHOLDS });

  const second = await serin(
    ...['evaluate', 'tiny/v2', '--against', 'v1', '--max-accuracy-drop', '20', '--data', 'data.csv'],
    ...['--record', '--json', '--svg-dir', 'charts'],
  );
  const { comparison, decision } = JSON.parse(second.stdout) as EvaluationReport;
  expect(decision.checks.map(({ check }) => check)).toContain('macro_f1_drop');
  const { macro_f1_drop_points: drop = NaN, interval_95_points: [low, high] = [NaN, NaN] } =
    comparison?.several ?? {};
  expect(low <= drop && drop <= high).toBe(true);
  expect(comparison?.several?.labels).toHaveLength(3);
  const record = json('registry/tiny/v2/acceptance.json') as AcceptanceRecord;
  expect(record.figures.macro_f1_drop_points).toBe(drop);
  expect(readFileSync(at('charts/reliability.svg'), 'utf8')).toContain('share of texts that have it');
});
