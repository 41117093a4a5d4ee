import { dirname, join } from 'node:path';

/** The compiled bench lies in bench/dist/. */
const BENCH = dirname(import.meta.dirname);

export const ROOT = dirname(BENCH);
export const REPORT_FILE = join(ROOT, 'docs', 'benchmarks.md');
export const WRK_SCRIPT = join(BENCH, 'load', 'predict.lua');
export const PYTHON_SCRIPT = join(BENCH, 'quantize', 'python_quantize.py');
export const DEFAULT_ENTRY = join(ROOT, 'bin', 'serin.mjs');

/** Where the models are: as the service reads it. */
export const MODEL_REGISTRY = process.env.MODEL_REGISTRY ?? join(ROOT, 'model-registry');
