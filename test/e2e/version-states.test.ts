import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DIST, infer, REGISTRY, startPool, until, values, type Running } from './pool-harness.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-registry-'));
  mkdirSync(join(folder, 'sentiment'));
  symlinkSync(join(REGISTRY, 'sentiment/v1'), join(folder, 'sentiment/v1'));
  cpSync(join(REGISTRY, 'sentiment/v2'), join(folder, 'sentiment/v2'), { recursive: true });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Gives v2 another file, and the manifest the digest that fits it. */
function replaceInV2(file: string, content: string): void {
  writeFileSync(join(folder, 'sentiment/v2', file), content);
  const path = join(folder, 'sentiment/v2/manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { files: Record<string, object> };
  const sha256 = createHash('sha256').update(content).digest('hex');
  manifest.files[file] = { sha256, bytes: Buffer.byteLength(content) };
  writeFileSync(path, JSON.stringify(manifest));
}

const stateOf = ({ registry }: Running, name: string): { state: string; reason: string | null } | undefined =>
  registry.describe('sentiment').find((status) => status.name === name);

const started = (entryFile?: string): Promise<Running> =>
  startPool({ MODEL_REGISTRY: folder, WORKERS: '1', SPARE_WORKERS: '0' }, entryFile);

async function expectV2Failed(running: Running, reason: RegExp): Promise<void> {
  await until(() => stateOf(running, 'v2')?.state === 'failed');
  expect(stateOf(running, 'v2')?.reason).toMatch(reason);
  expect(() => running.registry.resolve('sentiment', 'v2')).toThrow(
    expect.objectContaining({ code: 'VERSION_NOT_READY' }),
  );
  expect(values(await infer(running, ['a film'], 'v1'))).toHaveLength(1);
  await running.app.close();
}

describe('a version that cannot be served fails with its reason, and the others serve', () => {
  it('a file that is not what the manifest says', async () => {
    const model = readFileSync(join(folder, 'sentiment/v2/model.onnx'));
    model[1_000_000] = (model[1_000_000] ?? 0) ^ 1;
    writeFileSync(join(folder, 'sentiment/v2/model.onnx'), model);
    await expectV2Failed(await started(), /^model\.onnx does not match its digest/);
  });

  it('a file that is not a model', async () => {
    replaceInV2('model.onnx', 'not a graph');
    await expectV2Failed(await started(), /protobuf|model/i);
  });

  it('a tokenizer that is not one', async () => {
    replaceInV2('tokenizer.json', '{"model": 3}');
    await expectV2Failed(await started(), /tokenizer/i);
  });

  it('a model that ends each process that loads it', async () => {
    const entryFile = join(folder, 'dies-on-v2.mjs');
    const realEntry = pathToFileURL(resolve(DIST, 'engine/worker/entry.js')).href;
    // As native code would: when its turn comes, after the version before it has been loaded.
    writeFileSync(
      entryFile,
      `await import(${JSON.stringify(realEntry)});
       let ordered = false;
       process.on('message', ({ type, spec }) => {
         ordered ||= type === 'load' && spec.key.includes('/v2@');
       });
       const send = process.send.bind(process);
       process.send = (message, handle, options, callback) => {
         send(message, handle, options, callback);
         if (ordered && message.type === 'loaded') process.kill(process.pid, 'SIGSEGV');
       };`,
    );
    await expectV2Failed(
      await started(entryFile),
      /2 worker processes died while loading it \(signal SIGSEGV\)/,
    );
  });
});

describe('a version that nobody asked for', () => {
  it('is listed, not loaded, and answers VERSION_NOT_READY', async () => {
    cpSync(join(folder, 'sentiment/v2'), join(folder, 'sentiment/v3'), { recursive: true });
    const path = join(folder, 'sentiment/v3/manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...manifest, version: 'v3' }));
    const running = await started();
    expect(stateOf(running, 'v3')?.state).toBe('discovered');
    expect(() => running.registry.resolve('sentiment', 'v3')).toThrow(
      expect.objectContaining({ code: 'VERSION_NOT_READY' }),
    );
    await running.app.close();
  });
});
