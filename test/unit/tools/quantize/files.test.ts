import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelVersion } from '../../../../src/registry/model-version.js';
import { readVersion } from '../../../../src/registry/registry-files.js';
import { readCalibrationTexts } from '../../../../src/tools/quantize/calibration/calibration-texts.js';
import { largestRounding, parityWithScores } from '../../../../src/tools/quantize/parity-file.js';
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
      /none cannot be read: it does not exist/,
    );
  });
});

describe('the golden texts of a new version', () => {
  const row = (...scores: number[]) => ({ value: { scores }, tokens: 3, truncated: false });
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
