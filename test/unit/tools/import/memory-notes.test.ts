import { expect, it } from 'vitest';
import type { Manifest } from '../../../../src/registry/manifest.js';
import { memoryNotes } from '../../../../src/tools/import/memory-notes.js';

const version = (modelBytes: number) => ({
  manifest: { files: { 'model.onnx': { sha256: '', bytes: modelBytes } } } as unknown as Manifest,
});

it('the memory of a worker process is compared with WORKER_MAX_RSS_BYTES, and the value to set is named', () => {
  expect(memoryNotes(version(40e6), 250e6, 1500e6)).toEqual([]);
  expect(memoryNotes(version(1340e6), 1570e6, 1500e6)).toEqual([
    'a worker process with it takes 1570.0 MB, and up to about 4020.0 MB while it loads; WORKER_MAX_RSS_BYTES is 1500.0 MB: a service would replace the process after each batch; set WORKER_MAX_RSS_BYTES=5100000000 or more before it is loaded',
  ]);
  expect(memoryNotes(version(600e6), 900e6, 1500e6)).toEqual([
    expect.stringMatching(
      /: a service would refuse to load it while it serves; set WORKER_MAX_RSS_BYTES=2300000000 /,
    ),
  ]);
});
