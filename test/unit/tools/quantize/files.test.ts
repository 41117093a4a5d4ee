import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelVersion } from '../../../../src/registry/model-version.js';
import { readVersion } from '../../../../src/registry/registry-files.js';
import { readCalibrationTexts } from '../../../../src/tools/quantize/calibration/calibration-texts.js';
import { largestRounding, parityWithScores } from '../../../../src/tools/quantize/parity-file.js';
import { VersionFolder } from '../../../../src/tools/quantize/version-folder.js';
import { parseParity } from '../../../../src/engine/tokenization/parity.js';
import { ROOT } from '../../../support/repository.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-quantize-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function shipped(version: string): ModelVersion {
  const found = readVersion(`${ROOT}model-registry`, 'sentiment', version);
  if (!found?.version) throw new Error('it is shipped');
  return found.version;
}

describe('calibration texts', () => {
  const v1 = shipped('v1');
  const from = (content: string, limit = 512): ReturnType<typeof readCalibrationTexts> => {
    const path = join(folder, 'texts.jsonl');
    writeFileSync(path, content);
    return readCalibrationTexts(v1, path, limit, ['a golden text', 'another golden text']);
  };
  const lines = (...texts: unknown[]): string => texts.map((text) => JSON.stringify({ text })).join('\n');

  it('are those of the version, unless a file is named', async () => {
    const own = await readCalibrationTexts(v1, null, 512, []);
    expect(own).toMatchObject({ isShipped: true, sha256: v1.manifest.files['calibration.jsonl']?.sha256 });
    expect(own?.texts).toHaveLength(512);
    const named = await from(`${lines('a', 'b')}\n\n`);
    expect(named).toMatchObject({ texts: ['a', 'b'], isShipped: false });
    expect(named?.sha256).toBe(
      createHash('sha256')
        .update(`${lines('a', 'b')}\n\n`)
        .digest('hex'),
    );
    const without = { ...v1, manifest: { ...v1.manifest, files: {} } };
    expect(await readCalibrationTexts(without, null, 512, [])).toBeNull();
  });

  it('are spread over the file when there are more than wanted', async () => {
    const texts = Array.from({ length: 100 }, (_, i) => `text ${i}`);
    expect((await from(lines(...texts), 4))?.texts).toEqual(['text 0', 'text 25', 'text 50', 'text 75']);
  });

  it('are refused when they are those that the version is measured on', async () => {
    const texts = Array.from({ length: 30 }, (_, i) => `text ${i}`);
    expect((await from(lines(...texts, 'a golden text')))?.texts).toHaveLength(31);
    await expect(from(lines(...texts.slice(0, 20), 'a golden text', 'another golden text'))).rejects.toThrow(
      /2 of its 22 texts are golden texts of sentiment\/v1, which it is measured on/,
    );
  });

  it('are refused with the line that is at fault', async () => {
    await expect(from(`${lines('a')}\nno json`)).rejects.toThrow('line 2 is not JSON');
    await expect(from(lines('a', 7))).rejects.toThrow('line 2 has no text');
    await expect(from(lines(' '))).rejects.toThrow('line 1 has no text');
    await expect(from('\n')).rejects.toThrow('it holds no texts');
    await expect(readCalibrationTexts(v1, join(folder, 'none'), 9, [])).rejects.toThrow(
      /cannot be read: ENOENT/,
    );
  });
});

describe('the golden texts of a new version', () => {
  const row = (...scores: number[]) => ({ scores, tokens: 3, truncated: false });
  const item = {
    text: 'é \ud800 "',
    group: 'dev',
    ids: [1, 2],
    truncated: false,
    label: 'A',
    scores: [0.9, 0.1],
  };
  const change = (parity: object): Parameters<typeof parityWithScores>[0] => ({
    parity: parseParity(JSON.stringify(parity)),
    sourceVersion: 'v1',
    version: 'v2',
    labels: ['A', 'B'],
    rows: [row(0.12345678, 0.87654322)],
    onnxRuntime: '1.2.3',
  });

  it('keep texts and ids, in ASCII, and have its scores beside those of PyTorch', () => {
    const header = { schema_version: 1, tokenizer: 't 1', tolerance: 0.001 };
    const json = parityWithScores(change({ ...header, reference: { v1: 'PyTorch 2, fp32' }, items: [item] }));
    expect(json).toMatch(/^[\n -~]*$/);
    expect(JSON.parse(json)).toEqual({
      ...header,
      reference: { v2: "onnxruntime 1.2.3, this version's model.onnx" },
      items: [{ ...item, label: 'B', scores: [0.123457, 0.876543], pytorch_scores: [0.9, 0.1] }],
    });
    const again = change({ ...(JSON.parse(json) as object), reference: { v1: 'onnxruntime' } });
    expect(parseParity(parityWithScores(again)).items[0]?.pytorch_scores).toEqual([0.9, 0.1]);
    const other = parityWithScores(change({ ...header, reference: { v1: 'onnxruntime' }, items: [item] }));
    expect(parseParity(other).items[0]).not.toHaveProperty('pytorch_scores');
  });

  it('are off by their rounding alone', () => {
    expect(largestRounding([row(0.1234564, 0.5), row(1, 0)])).toBeCloseTo(4e-7, 9);
    expect(largestRounding([])).toBe(0);
  });
});

describe('a version folder', () => {
  const make = (): Promise<VersionFolder> => VersionFolder.create(folder, 'v2');
  const versionFile = (): string => readFileSync(join(folder, 'v2', 'a.txt'), 'utf8');

  it('is not seen before it is whole, and then at once', async () => {
    const draft = await make();
    await draft.write('a.txt', 'new');
    expect(readdirSync(folder).filter((name) => !name.startsWith('.'))).toEqual([]);
    expect(draft.files).toEqual({
      'a.txt': { bytes: 3, sha256: createHash('sha256').update('new').digest('hex') },
    });
    await draft.publish(false);
    await draft.discard();
    expect(versionFile()).toBe('new');
    expect(readdirSync(folder)).toEqual(['v2']);
  });

  it('takes the place of the one that was there', async () => {
    mkdirSync(join(folder, 'v2'));
    writeFileSync(join(folder, 'v2', 'a.txt'), 'old');
    writeFileSync(join(folder, 'v2', 'acceptance.json'), '{}');
    const draft = await make();
    await draft.write('a.txt', 'new');
    expect(versionFile()).toBe('old');
    await draft.publish(true);
    expect(versionFile()).toBe('new');
    expect(existsSync(join(folder, 'v2', 'acceptance.json'))).toBe(false);
    expect(readdirSync(folder)).toEqual(['v2']);
  });

  it('leaves one that came meanwhile in its place', async () => {
    const draft = await make();
    await draft.write('a.txt', 'new');
    mkdirSync(join(folder, 'v2'));
    writeFileSync(join(folder, 'v2', 'a.txt'), 'old');
    await expect(draft.publish(false)).rejects.toThrow('v2 has appeared meanwhile');
    await draft.discard();
    expect(versionFile()).toBe('old');
    expect(readdirSync(folder)).toEqual(['v2']);
  });

  it('leaves nothing behind when it is given up', async () => {
    const draft = await make();
    await draft.write('a.txt', 'new');
    await draft.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('copies only files that are what their manifest says', async () => {
    const draft = await make();
    await draft.copy(shipped('v1'), ['config.json']);
    expect(draft.files['config.json']).toEqual(shipped('v1').manifest.files['config.json']);
    const v1 = shipped('v1');
    const files = { ...v1.manifest.files, 'config.json': { sha256: '0'.repeat(64), bytes: 1 } };
    const wrong = { ...v1, manifest: { ...v1.manifest, files } };
    await expect(draft.copy(wrong, ['config.json'])).rejects.toThrow('does not match its digest');
  });
});
