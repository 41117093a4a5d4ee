import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/registry/manifest.js';
import { parseParity, selectGoldenItems, type ParityFile } from '../../src/engine/tokenization/parity.js';
import { runCommand, type Finished } from '../support/run-command.js';
import { Service } from './harness.js';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND = join(resolve(ROOT, process.env.SERIN_DIST ?? 'dist'), 'cli/main.js');
const SHIPPED = join(ROOT, 'model-registry/sentiment');
const GOLDEN_TEXTS = 60;

let registry: string;
const at = (...parts: string[]): string => join(registry, 'sentiment', ...parts);
const readJson = (...parts: string[]): unknown => JSON.parse(readFileSync(at(...parts), 'utf8'));
const manifestOf = (version: string): Manifest => readJson(version, 'manifest.json') as Manifest;
const parityOf = (version: string): ParityFile => readJson(version, 'parity.json') as ParityFile;
const serin = (...args: string[]): Promise<Finished> =>
  runCommand(process.execPath, [COMMAND, ...args], { cwd: ROOT, env: { MODEL_REGISTRY: registry } });

/** Writes a file of a version, and its digest into the manifest. */
function replaceFile(version: string, name: string, content: string | Uint8Array): void {
  const manifest = manifestOf(version);
  const record = { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
  writeFileSync(at(version, name), content);
  const files = { ...manifest.files, [name]: record };
  writeFileSync(at(version, 'manifest.json'), JSON.stringify({ ...manifest, version, files }));
}

/** The shipped v1 under another name, without some files. */
function copyOfV1(version: string, without: readonly string[]): void {
  cpSync(join(SHIPPED, 'v1'), at(version), { recursive: true });
  const manifest = manifestOf(version);
  const files = Object.fromEntries(
    Object.entries(manifest.files).filter(([name]) => !without.includes(name)),
  );
  writeFileSync(at(version, 'manifest.json'), JSON.stringify({ ...manifest, version, files }));
}

let made: Finished;

beforeAll(async () => {
  registry = mkdtempSync(join(tmpdir(), 'serin-quantize-'));
  mkdirSync(join(registry, 'sentiment'));
  cpSync(join(SHIPPED, 'v1'), at('v1'), { recursive: true });
  const parity = parseParity(readFileSync(at('v1', 'parity.json')));
  const few = { ...parity, items: selectGoldenItems(parity, GOLDEN_TEXTS) };
  // The file is ASCII: a length in characters is one in bytes.
  const ascii = JSON.stringify(few).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  replaceFile('v1', 'parity.json', ascii);
  made = await serin('quantize', 'sentiment/v1', '--to', 'v2', '--calibration-texts', '64');
}, 240_000);

afterAll(() => {
  rmSync(registry, { recursive: true });
});

describe('serin quantize', () => {
  it('makes a version that is half the size and says nearly the same', () => {
    expect(made.stderr).toContain('serin: calibrating 25 activations on 64 texts');
    expect(made.code, made.stderr).toBe(0);
    expect(made.stdout).toContain('45.2 MB → 23.1 MB (51 %)');
    expect(made.stdout).toContain('36 products, 1 table of rows');
    expect(made.stdout).toContain("logits (its result is the model's answer)");
    expect(made.stdout).toContain('serin evaluate sentiment/v2 --against v1 --data FILE --record');
    const [, equal] = /agreement +(\d+) of 64 labels/.exec(made.stdout) ?? [];
    expect(Number(equal)).toBeGreaterThanOrEqual(60);
    expect(readdirSync(at()).sort()).toEqual(['v1', 'v2']);
  });

  it('says in the manifest where it comes from, and claims no accuracy', () => {
    const manifest = manifestOf('v2');
    expect(manifest).toMatchObject({
      ...{ model: 'sentiment', version: 'v2', precision: 'int8', weight_storage: 'int8' },
      ...{ labels: ['NEGATIVE', 'POSITIVE'], max_tokens: 256 },
      batch_variance: { n: 64, label_flips: 0, max_score_change: 0 },
      source: {
        base_model: 'all-MiniLM-L6-v2',
        quantized_from: { version: 'v1' },
        method: 'static',
        weight_bits: 7,
        calibration: { texts: 64 },
        left_out: ['logits'],
        command: 'serin quantize sentiment/v1 --to v2 --method static --weight-bits 7 --calibration-texts 64',
      },
    });
    expect(manifest.accuracy).toBeUndefined();
    expect(manifest.batching.runs_alone).toBe(false);
    expect(manifest.checked_on).toMatchObject([{ parity_texts: GOLDEN_TEXTS, label_flips: 0 }]);
  });

  it('passes serin models verify, and show tells where it comes from', async () => {
    const { code, stdout } = await serin('models', 'verify', 'sentiment/v2');
    expect(stdout).toBe('sentiment/v2: ok\n');
    expect(code).toBe(0);
    const shown = await serin('models', 'show', 'sentiment/v2');
    expect(shown.stdout).toMatch(/quantized from +version v1, manifest sha256 [0-9a-f]{64}\n/);
  });

  it('answers in the service with the scores on record, whatever stands beside a text', async () => {
    const { items } = parityOf('v2');
    const config = join(registry, 'serin.config.yaml');
    writeFileSync(
      config,
      'default_model: sentiment\nrollout:\n  sentiment:\n    stable: v1\n    canary: v2\n',
    );
    const service = await Service.start({
      MODEL_REGISTRY: registry,
      SERIN_CONFIG: config,
      ADMIN_TOKEN: '0123456789abcdef',
    });
    try {
      const dev = items.filter(({ group }) => group === 'dev').slice(0, 16);
      const answer = await fetch(`${service.url}/predict_batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ texts: dev.map(({ text }) => text), version: 'v2', top_k: 2 }),
      });
      const { results } = (await answer.json()) as {
        results: { label: string; score: number; model_version: string }[];
      };
      expect(dev.length).toBeGreaterThan(1);
      results.forEach(({ label, score, model_version: version }, i) => {
        expect(version).toBe('v2');
        expect(label).toBe(dev[i]?.label);
        expect(Math.abs(score - Math.max(...(dev[i]?.scores ?? [])))).toBeLessThan(2e-6);
      });
    } finally {
      await service.stop();
    }
  });

  it('replaces a version only when told to', async () => {
    const before = readFileSync(at('v2', 'manifest.json'));
    const { code, stderr } = await serin('quantize', 'sentiment/v1', '--to', 'v2');
    expect(stderr).toBe(
      'serin: sentiment/v2 is there already: name another with --to, or replace it with --force.\n',
    );
    expect(code).toBe(2);
    expect(readFileSync(at('v2', 'manifest.json')).equals(before)).toBe(true);
  });

  it('makes a dynamic version of one without calibration texts, which runs alone', async () => {
    copyOfV1('bare', ['calibration.jsonl', 'parity.json', 'CARD.md']);
    const refused = await serin('quantize', 'sentiment/bare', '--to', 'v3');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /^serin: sentiment\/bare has no calibration\.jsonl: name a file with --calibration/,
    );
    const { code, stdout, stderr } = await serin(
      ...['quantize', 'sentiment/bare', '--to', 'v3', '--method', 'dynamic', '--weight-bits', '8', '--json'],
      ...['--leave-out', 'layers.0.*'],
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ method: 'dynamic', calibration: null, runs_alone: true, agreement: null },
      quantized: { products: 30, tables: 1 },
    });
    const manifest = manifestOf('v3');
    expect(manifest.batching.runs_alone).toBe(true);
    expect(manifest.source).toMatchObject({ method: 'dynamic', weight_bits: 8, calibration: null });
    expect((await serin('models', 'verify', 'sentiment/v3')).stdout).toBe('sentiment/v3: ok\n');
  });

  it('leaves out what a search finds to be enough', async () => {
    // What v1 says about the texts that it is least sure about: the first to change.
    const { items } = parseParity(readFileSync(join(SHIPPED, 'v1/parity.json')));
    const unsure = ({ scores }: { scores: readonly number[] }): number => Math.abs((scores[0] ?? 0) - 0.5);
    const edge = items.filter(({ group }) => group === 'dev').sort((a, b) => unsure(a) - unsure(b));
    const path = join(registry, 'edge.jsonl');
    const lines = edge.slice(0, 24).map(({ text, label }) => JSON.stringify({ text, label }));
    writeFileSync(path, lines.join('\n'));
    copyOfV1('searched', ['parity.json']);
    const { code, stderr } = await serin(
      ...['quantize', 'sentiment/searched', '--to', 'v4', '--calibration-texts', '16'],
      ...['--search', '--data', path, '--max-accuracy-drop', '0'],
      // Few are left to be tried: each takes a second.
      ...[0, 1, 2, 3, 4].flatMap((layer) => ['--leave-out', `layers.${layer}.*`]),
      ...['--leave-out', 'layers.5.attention*'],
    );
    expect(code, stderr).toBe(0);
    const tried = [...stderr.matchAll(/layers left out: (\d+); accuracy drops by (-?[\d.]+) points/g)];
    const enough = tried.filter(([, , drop]) => Number(drop) <= 0).map(([, count]) => Number(count));
    const found = Math.min(...enough);
    const leftOut = manifestOf('v4').source?.left_out as string[];
    expect(leftOut.filter((name) => name.startsWith('layers.5') || name === 'words.rows')).toHaveLength(
      found + 1,
    );
    expect(stderr).not.toContain('Warning');
  }, 240_000);
});

describe('serin quantize refuses', () => {
  const refusal = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await serin('quantize', ...args);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
    expect(readdirSync(at()).filter((name) => name.startsWith('.'))).toEqual([]);
    return stderr;
  };

  it('wrong usage', async () => {
    expect(await refusal('sentiment/v1')).toContain("required option '--to <version>' not specified");
    expect(await refusal('sentiment/v9', '--to', 'v3')).toContain(
      'The registry has no sentiment/v9; it has sentiment/',
    );
    expect(await refusal('v1', '--to', 'v8')).toContain('names no version: write model/version');
    expect(await refusal('sentiment/v1', '--to', '../v8')).toContain('--to is "../v8": allowed are');
    expect(await refusal('sentiment/v1', '--to', 'v1', '--force')).toContain(
      'is the version that is quantised',
    );
    expect(await refusal('sentiment/v1', '--to', 'v8', '--search')).toContain(
      '--search needs labelled texts',
    );
    expect(await refusal('sentiment/v1', '--to', 'v8', '--data', 'd.jsonl')).toContain(
      '--data is for --search',
    );
    expect(await refusal('sentiment/v1', '--to', 'v8', '--weight-bits', '4')).toContain('It must be 7 or 8');
    expect(await refusal('sentiment/v1', '--to', 'v8', '--leave-out', 'nope*')).toContain(
      '--leave-out nope* names no layer; layers are words.rows, layers.0.q.product',
    );
  });

  it('to replace what the configuration or a rollout names, whatever is forced', async () => {
    const before = readFileSync(at('v2', 'manifest.json'));
    const again = ['sentiment/v1', '--to', 'v2', '--force'];
    expect(await refusal(...again)).toMatch(
      /^serin: sentiment\/v2 is not replaced: the configuration names it as canary\. /,
    );
    const config = join(registry, 'v1-only.yaml');
    writeFileSync(config, 'rollout:\n  sentiment: { stable: v1 }\n');
    mkdirSync(join(registry, 'state/rollout'), { recursive: true });
    writeFileSync(join(registry, 'state/rollout/sentiment.json'), '{');
    const other = ['--config', config, '--state-dir', join(registry, 'state')];
    expect(await refusal(...again, ...other)).toMatch(
      /sentiment\/v2 is not replaced: .*state\/rollout\/sentiment\.json may name it, but cannot be used/,
    );
    rmSync(join(registry, 'state'), { recursive: true });
    expect(readFileSync(at('v2', 'manifest.json')).equals(before)).toBe(true);
  });

  it('to go on when the disk takes no more', async () => {
    const words = `ulimit -f 15000; '${process.execPath}' '${COMMAND}' quantize sentiment/v1 --to v8`;
    const env = { MODEL_REGISTRY: registry };
    const { code, stdout, stderr } = await runCommand('sh', ['-c', words], { cwd: ROOT, env });
    expect(stderr).toMatch(/^serin: sentiment\/v8 cannot be written: EFBIG.*\.$/m);
    expect(stderr).not.toMatch(/^ +at |a fault of ours/m);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(readdirSync(at()).filter((name) => /^\.|v8/.test(name))).toEqual([]);
  });

  it('what is int8 already', async () => {
    expect(await refusal('sentiment/v2', '--to', 'v8')).toContain(
      'is int8 already; quantise the version that it was made from, sentiment/v1.',
    );
  });

  it('the evaluation set for calibration', async () => {
    const items = parityOf('v1').items.filter(({ group }) => group === 'dev');
    const path = join(registry, 'dev.jsonl');
    writeFileSync(path, items.map(({ text }) => `${JSON.stringify({ text })}\n`).join(''));
    expect(await refusal('sentiment/v1', '--to', 'v8', '--calibration', path)).toMatch(
      /are golden texts of sentiment\/v1/,
    );
  });

  it('golden texts that are none, though their digest is right', async () => {
    copyOfV1('odd', []);
    replaceFile('odd', 'parity.json', '{"schema_version":9}');
    expect(await refusal('sentiment/odd', '--to', 'v8')).toBe(
      'serin: sentiment/odd cannot be used: parity.json: schema_version is 9, but must be 1.\n',
    );
  });

  it('data for the search that cannot be read, before it calibrates', async () => {
    const search = ['--search', '--data', join(registry, 'nowhere.jsonl')];
    const said = await refusal('sentiment/v1', '--to', 'v8', ...search);
    expect(said).toMatch(/nowhere\.jsonl/);
    expect(said).not.toContain('calibrating');
  });

  it('a model that is cut off, or is none', async () => {
    copyOfV1('cut', []);
    truncateSync(at('cut', 'model.onnx'), 1_000_000);
    replaceFile('cut', 'model.onnx', readFileSync(at('cut', 'model.onnx')));
    expect(await refusal('sentiment/cut', '--to', 'v8')).toContain(
      'is not a readable ONNX model: it is cut off',
    );
    replaceFile('cut', 'model.onnx', 'version https://git-lfs.github.com/spec/v1\n');
    expect(await refusal('sentiment/cut', '--to', 'v8')).toContain('Git LFS pointer');
  });
});
