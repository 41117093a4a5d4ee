import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeNode } from '../../src/tools/onnx/attributes.js';
import { TensorProto_DataType as DataType } from '../../src/tools/onnx/generated/onnx_pb.js';
import type { Manifest } from '../../src/registry/manifest.js';
import type { ParityFile } from '../../src/engine/tokenization/parity.js';
import { valueInfo, type SmallModel } from '../support/onnx-models.js';
import { ROOT } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';
import { writeTinyExport, type ExportChanges } from '../support/tiny-export.js';
import { Service } from './harness.js';
import { REGISTRY } from './pool-harness.js';
import { TempRegistry } from '../support/temp-registry.js';

vi.setConfig({ testTimeout: 120_000 });

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
let folder: string;
let registry: TempRegistry;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-import-'));
  registry = new TempRegistry();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  registry.delete();
});

const environment = (): Record<string, string> => ({
  MODEL_REGISTRY: registry.folder,
  STATE_DIR: join(folder, 'var'),
});
const serin = (...args: string[]): Promise<Finished> =>
  runCommand(process.execPath, [MAIN, 'models', ...args], { cwd: folder, env: environment() });

function exported(changes: ExportChanges = {}): string {
  rmSync(join(folder, 'export'), { recursive: true, force: true });
  writeTinyExport(join(folder, 'export'), changes);
  return 'export';
}

const read = (name: string, file: string): string => readFileSync(join(registry.folder, name, file), 'utf8');
const manifestOf = (name: string): Manifest => JSON.parse(read(name, 'manifest.json')) as Manifest;

/** What is refused leaves nothing behind. */
async function refusal(changes: ExportChanges, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await serin('import', exported(changes), '--as', 'tiny/bad', ...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(readdirSync(join(registry.folder, 'tiny')).filter((name) => name.includes('bad'))).toEqual([]);
  return stderr.split('\n').slice(1).join('\n');
}

describe('an export', () => {
  it('becomes a version that verifies, loads hot, answers, and is no canary yet', async () => {
    const { code, stdout } = await serin(
      'import',
      exported(),
      '--as',
      'sentiment/v3',
      '--precision',
      'float32',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^sentiment\/v3 is imported: .*\n.*task +text-classification\n.*labels +NEGATIVE, POSITIVE/,
    );
    expect(stdout).toMatch(
      /token budget .*\(serin tune sentiment --version v3 --traffic FILE measures it well\)/,
    );
    const budget = await runCommand(process.execPath, [MAIN, 'tune', 'sentiment', '--version', 'v3'], {
      cwd: folder,
      env: environment(),
    });
    expect(budget).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /parity\.json has no texts of the group "dev"; name a file of your own with --traffic FILE\.\n$/,
      ) as string,
    });
    expect(await serin('verify', 'sentiment/v3')).toMatchObject({ code: 0, stdout: 'sentiment/v3: ok\n' });
    expect(readdirSync(join(registry.folder, 'sentiment')).sort()).toEqual(['v1', 'v2', 'v3']);
    const manifest = manifestOf('sentiment/v3');
    expect(manifest).toMatchObject({
      task: 'text-classification',
      labels: ['NEGATIVE', 'POSITIVE'],
      max_tokens: 64,
      precision: 'float32',
      batching: { runs_alone: false },
      batch_variance: { label_flips: 0 },
      source: { base_model: 'someone/tiny-bert', opset: 18, parity: 'computed by this version at import' },
    });
    expect(manifest.accuracy).toBeUndefined();
    expect(Object.keys(manifest.files)).toEqual([
      'CARD.md',
      'config.json',
      'model.onnx',
      'parity.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(read('sentiment/v3', 'CARD.md')).toMatch(/\| licence, training data \| not said by the export \|/);
    const shown = await serin('show', 'sentiment/v3');
    expect(shown.stdout).toMatch(/accuracy +not on record\n/);
    expect(shown.stdout).toMatch(/rollout +may not get traffic: it has no accuracy on record; evaluate it/);
    expect((await serin('list')).stdout).toMatch(/^sentiment +v3 +- +float32 +64 +- +no /m);

    const service = await Service.start({ ADMIN_TOKEN: 'let-me-in', MODEL_REGISTRY: registry.folder });
    try {
      const headers = { authorization: 'Bearer let-me-in', 'content-type': 'application/json' };
      const load = await service.fetch('/admin/models/sentiment/versions/v3/load', {
        method: 'POST',
        headers,
      });
      expect(await load.json()).toMatchObject({ version: 'v3', state: 'ready' });
      const golden = (JSON.parse(read('sentiment/v3', 'parity.json')) as ParityFile).items[1];
      const answer = await service.post('/predict', { text: golden?.text, version: 'v3' });
      expect(await answer.json()).toMatchObject({ label: golden?.label, tokens: golden?.ids.length });
      const canary = await service.fetch('/admin/canary/sentiment', {
        method: 'PUT',
        headers,
        body: JSON.stringify({ version: 'v3', percent: 5 }),
      });
      expect(canary.status).toBe(409);
      expect(await canary.json()).toMatchObject({
        code: 'VERSION_REFUSED',
        detail: expect.stringMatching(/no accuracy/) as string,
      });
    } finally {
      await service.stop();
    }
  });

  it('whose weights lie beside the graph becomes one file', async () => {
    const from = exported({ externalData: 'always', config: { problem_type: 'multi_label_classification' } });
    const { code, stdout } = await serin('import', from, '--as', 'tiny/v1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Next\n.*verify tiny\/v1\n {2}serin evaluate tiny\/v1 --against VERSION /);
    expect(read('tiny/v1', 'CARD.md')).toMatch(/`serin evaluate tiny\/v1 --against VERSION --data FILE/);
    expect(manifestOf('tiny/v1').task).toBe('multi-label-classification');
    expect((await serin('verify', 'tiny')).code).toBe(0);
    expect(Object.keys(manifestOf('tiny/v1').files)).not.toContain('model.onnx.data');
  });

  it('that counts padding runs alone, and says so', async () => {
    const { stdout } = await serin('import', exported({ masked: false }), '--as', 'tiny/varies', '--json');
    const report = JSON.parse(stdout) as { varies_with_batch: boolean; manifest: Manifest };
    expect(report.varies_with_batch).toBe(true);
    expect(report.manifest.batching.runs_alone).toBe(true);
    expect(report.manifest.batch_variance?.max_score_change).toBeGreaterThan(0.001);
    expect(manifestOf('tiny/varies')).toEqual(report.manifest);
    expect(read('tiny/varies', 'CARD.md')).toMatch(/It therefore runs one text at a time/);
  });

  it('is checked without a trace by a dry run', async () => {
    const { code, stdout } = await serin('import', exported(), '--as', 'tiny/v2', '--dry-run');
    expect({ code, first: stdout.split('\n')[0] }).toEqual({
      code: 0,
      first: 'tiny/v2 can be imported; nothing was kept',
    });
    expect(readdirSync(join(registry.folder, 'tiny')).sort()).toEqual(['v1', 'varies']);
  });

  it('takes the place of another only by force, and never of one in use', async () => {
    const from = exported({ logits: 1, config: { problem_type: null } });
    const choices = ['--task', 'binary-classification', '--labels', 'NO,YES'];
    const again = await serin('import', from, '--as', 'tiny/v1', ...choices);
    expect({ code: again.code, stderr: again.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /exists: choose another version name, or replace it with --force/,
      ) as string,
    });
    expect((await serin('import', from, '--as', 'tiny/v1', '--force', ...choices)).code).toBe(0);
    expect(manifestOf('tiny/v1')).toMatchObject({ task: 'binary-classification', labels: ['NO', 'YES'] });
    expect((await serin('verify', 'tiny/v1')).code).toBe(0);
    const used = await serin('import', exported(), '--as', 'sentiment/v1', '--force');
    expect(used.stderr).toMatch(/sentiment\/v1 is not replaced: the configuration names it as stable/);
  });

  it('is removed with --yes', async () => {
    expect(await serin('remove', 'tiny/varies')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--yes/) as string,
    });
    expect(await serin('remove', 'tiny/varies', '--yes')).toMatchObject({ code: 0 });
    expect(readdirSync(join(registry.folder, 'tiny'))).toEqual(['v1']);
  });
});

describe('a graph that can be read is refused', () => {
  const insert = (node: ReturnType<typeof makeNode>) => (model: SmallModel) => ({
    ...model,
    nodes: model.nodes.flatMap((existing) => {
      if (existing.output[0] !== 'words') return [existing];
      existing.output[0] = 'plain';
      return [existing, node];
    }),
  });

  it('when chance is in it', async () => {
    const noise = makeNode({
      opType: 'RandomNormalLike',
      name: 'noise',
      input: ['plain'],
      output: ['words'],
    });
    expect(await refusal({ graph: insert(noise) })).toMatch(
      /^serin: The same text gets other scores when it is run again .* Call model\.eval\(\) before the export\.\n$/,
    );
  });

  it('when it wants an operator or an opset that the runtime does not have', async () => {
    const own = makeNode({
      opType: 'Enchant',
      domain: 'com.example',
      name: 'e',
      input: ['plain'],
      output: ['words'],
    });
    expect(await refusal({ graph: insert(own) })).toMatch(/uses the operator Enchant, .* not have on CPUs/);
    own.domain = '';
    expect(await refusal({ graph: insert(own) })).toMatch(/uses the operator Enchant, .* not have on CPUs/);
    expect(await refusal({ graph: (model) => ({ ...model, opset: 99 }) })).toMatch(
      /^serin: model\.onnx uses opset 99, and this ONNX Runtime knows them up to \d+: export it with --opset 17/,
    );
  });

  it('when it answers another number of logits than there are labels', async () => {
    const open = (model: SmallModel): SmallModel => ({
      ...model,
      outputs: [valueInfo('logits', DataType.FLOAT, ['batch', 'labels'])],
    });
    expect(await refusal({ graph: open, logits: 3 })).toMatch(
      /^serin: The version cannot be loaded: the output logits is not float32 \[1, 2\], as the task/,
    );
  });
});

describe('the shipped model, without what the registry added', () => {
  beforeAll(() => {
    mkdirSync(join(folder, 'v1'));
    for (const file of ['model.onnx', 'tokenizer.json', 'tokenizer_config.json', 'config.json']) {
      cpSync(join(REGISTRY, 'sentiment/v1', file), join(folder, 'v1', file));
    }
    const parity = JSON.parse(readFileSync(join(REGISTRY, 'sentiment/v1/parity.json'), 'utf8')) as ParityFile;
    const items = parity.items
      .filter((_, i) => i % 20 === 0)
      .map(({ text, ids, scores }) => ({ text, ids, scores }));
    writeFileSync(join(folder, 'python.json'), JSON.stringify({ reference: 'PyTorch', items }));
    const [first, ...rest] = items;
    const scores = [...(first?.scores ?? [])].reverse();
    writeFileSync(join(folder, 'wrong.json'), JSON.stringify({ items: [...rest, { ...first, scores }] }));
  });

  it('agrees with what PyTorch made of its texts', async () => {
    const { code } = await serin('import', 'v1', '--as', 'again/v1', '--parity', 'python.json');
    expect(code).toBe(0);
    const shipped = JSON.parse(
      readFileSync(join(REGISTRY, 'sentiment/v1/manifest.json'), 'utf8'),
    ) as Manifest;
    const manifest = manifestOf('again/v1');
    for (const key of [
      'task',
      'labels',
      'max_tokens',
      'truncation_side',
      'precision',
      'weight_storage',
    ] as const) {
      expect(manifest[key]).toEqual(shipped[key]);
    }
    expect(manifest.files['model.onnx']).toEqual(shipped.files['model.onnx']);
    expect(manifest.source).toMatchObject({ parity: 'PyTorch' });
    expect(manifest.checked_on?.[0]).toMatchObject({ parity_texts: 67, label_flips: 0 });
  });

  it('is refused when a score is another one, and an interrupted import leaves nothing', async () => {
    const { code, stderr } = await serin('import', 'v1', '--as', 'again/v2', '--parity', 'wrong.json');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^serin: 1 of 67 texts come out otherwise than in Python .*\n {2}".*": the scores are 0/m,
    );
    const child = spawn(process.execPath, [MAIN, 'models', 'import', 'v1', '--as', 'again/v2'], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...environment() },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([3, null]);
    expect(readdirSync(join(registry.folder, 'again'))).toEqual(['v1']);
    expect(existsSync(join(registry.folder, 'again/v1/manifest.json'))).toBe(true);
  });
});
