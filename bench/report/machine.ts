import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { readProcessors } from '../../src/base/machine/processors.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Those that decide how fast int8 products are. */
  readonly cpuFeatures: readonly string[];
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly date: string;
  /** Processes that wanted a core in the minute before: above 0.5, the machine was not quiet. */
  readonly loadBefore: number;
}

const TELLING_FEATURES = [
  'avx2',
  'avx512f',
  'avx512_vnni',
  'avx_vnni',
  'amx_int8',
  'amx_bf16',
  'asimddp',
  'i8mm',
];

export function readMachine(): Machine {
  const { model, features } = readProcessors();
  const require = createRequire(import.meta.url);
  const { version } = require('onnxruntime-node/package.json') as { version: string };
  return {
    cpu: model,
    cores: cpus().length,
    cpuFeatures: TELLING_FEATURES.filter((feature) => features?.has(feature)),
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    onnxruntime: version,
    date: new Date().toISOString().slice(0, 10),
    loadBefore: loadavg()[0] ?? NaN,
  };
}
