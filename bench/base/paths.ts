import { dirname, join } from 'node:path';

/** This file is compiled to bench/dist/bench/base/, beside what the bench uses of src in bench/dist/src/. */
const BENCH = join(import.meta.dirname, '../../..');

export const ROOT = dirname(BENCH);
export const REPORT_FILE = join(ROOT, 'docs', 'benchmarks.md');
export const WRK_SCRIPT = join(BENCH, 'load', 'predict.lua');
export const PYTHON_SCRIPT = join(BENCH, 'quantize', 'python_quantize.py');
export const DEFAULT_ENTRY = join(ROOT, 'bin', 'serin.mjs');

/** Where the models are: as the service reads it. */
export const MODEL_REGISTRY = process.env.MODEL_REGISTRY ?? join(ROOT, 'model-registry');
