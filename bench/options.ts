import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from './base/input-error.js';
import { DEFAULT_ENTRY } from './base/paths.js';
import {
  FULL_CACHE,
  FULL_CHURN_TEXTS,
  QUICK_CACHE,
  QUICK_CHURN_TEXTS,
  type CachePlan,
} from './cache/plan.js';
import { FULL_FILES, QUICK_FILES, type FilesPlan } from './files/plan.js';
import { FULL_OPEN_LOOP, QUICK_OPEN_LOOP, type OpenLoopPlan } from './open-loop/plan.js';
import { FULL_OVERLOAD, QUICK_OVERLOAD, type OverloadPlan } from './overload/plan.js';
import { FULL_QUANTIZE, QUICK_QUANTIZE } from './quantize/plan.js';
import type { QuantizeOptions } from './quantize/run.js';
import { FULL_ROLLOUT, QUICK_ROLLOUT, type RolloutPlan } from './rollout/plan.js';

export interface BenchOptions {
  readonly quick: boolean;
  readonly json: boolean;
  /** Which parts run. */
  readonly speed: boolean;
  readonly chaos: boolean;
  readonly entry: string;
  /** Not null: `serin batch` is measured, and nothing else. */
  readonly files: FilesPlan | null;
  /** Not null: the peaks of memory of files with so many lines are compared, and nothing else is measured. */
  readonly memoryLines: readonly number[] | null;
  /** Not null: hits, hit rate and outages of Redis are measured, and nothing else. */
  readonly cache: CachePlan | null;
  /** Not null: the memory of the cache is watched while so many texts go through it, and nothing else is measured. */
  readonly churnTexts: number | null;
  /** Not null: what the comparison of two versions costs users is measured, and rollbacks, and nothing else. */
  readonly rollout: RolloutPlan | null;
  /** Not null: `serin quantize` is compared with Python's tool, and nothing else is measured. */
  readonly quantize: QuantizeOptions | null;
  /** Not null: `serin bench` measures baseline and service under offered rates, and nothing else is measured. */
  readonly openLoop: OpenLoopPlan | null;
  /** Not null: goodput and fair shares beyond capacity are measured, and nothing else. */
  readonly overload: OverloadPlan | null;
}

export const USAGE = `usage: npm run bench -- [options]
  (none)        measures speed and writes docs/benchmarks.md
  --chaos       measures faults only, and writes nothing: workers killed and stopped, the service told to end
  --all         both, and writes docs/benchmarks.md
  --files       measures \`serin batch\` only, and writes its section of docs/benchmarks.md
    --kills N          how often a run is killed (default: 20)
  --files-memory measures the memory of long files only, and writes its section: half an hour
    --memory-lines N,N lines of the files that are compared (default: 200000,2000000)
  --cache       measures hits, hit rate and outages of Redis only, and writes their section
  --cache-long  measures the memory of the cache over a million texts only, and writes its section: ten minutes
  --rollout     measures what the comparison of a canary costs users, and rollbacks under load, and writes its section
  --quantize    compares \`serin quantize\` with Python's onnxruntime.quantization only, and writes their section
    --data FILE        labelled sentences: TSV with a header of two columns, one of them label (0 or 1)
    --python FILE      the interpreter that makes an environment and installs onnxruntime there (default: python3)
    --python-env DIR   the environment, kept for the next run (default: a new one each time)
  --open-loop   measures latency under offered rates, and what it is made of, and writes its section: four minutes
  --overload    measures goodput and fair shares beyond capacity, and writes its section: five minutes
  --quick       a short run that writes nothing
  --json        the report as one JSON document on stdout, instead of tables
  --entry FILE  the script that starts the service (default: bin/serin.mjs)
MODEL_REGISTRY names the folder of the models, as for the service.
`;

/** @returns null when only the usage is asked for. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        chaos: { type: 'boolean', default: false },
        all: { type: 'boolean', default: false },
        files: { type: 'boolean', default: false },
        'files-memory': { type: 'boolean', default: false },
        cache: { type: 'boolean', default: false },
        'cache-long': { type: 'boolean', default: false },
        rollout: { type: 'boolean', default: false },
        'open-loop': { type: 'boolean', default: false },
        overload: { type: 'boolean', default: false },
        quantize: { type: 'boolean', default: false },
        data: { type: 'string' },
        python: { type: 'string', default: 'python3' },
        'python-env': { type: 'string' },
        kills: { type: 'string', default: '20' },
        'memory-lines': { type: 'string', default: '200000,2000000' },
        entry: { type: 'string', default: DEFAULT_ENTRY },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  if (values.help) return null;
  const { quick, json, chaos, all, entry } = values;
  const files = {
    ...(quick ? QUICK_FILES : FULL_FILES),
    kills: wholeNumber('--kills', values.kills),
  };
  const memoryLines = values['memory-lines'].split(',').map((n) => wholeNumber('--memory-lines', n));
  return {
    ...{ quick, json, entry },
    speed: all || !chaos,
    chaos: all || chaos,
    files: values.files ? files : null,
    memoryLines: values['files-memory'] ? memoryLines : null,
    cache: values.cache ? (quick ? QUICK_CACHE : FULL_CACHE) : null,
    churnTexts: values['cache-long'] ? (quick ? QUICK_CHURN_TEXTS : FULL_CHURN_TEXTS) : null,
    rollout: values.rollout ? (quick ? QUICK_ROLLOUT : FULL_ROLLOUT) : null,
    openLoop: values['open-loop'] ? (quick ? QUICK_OPEN_LOOP : FULL_OPEN_LOOP) : null,
    overload: values.overload ? (quick ? QUICK_OVERLOAD : FULL_OVERLOAD) : null,
    quantize: values.quantize ? quantizeOptions(values) : null,
  };
}

function quantizeOptions(values: {
  readonly quick: boolean;
  readonly data?: string;
  readonly python: string;
  readonly 'python-env'?: string;
}): QuantizeOptions {
  const { quick, data, python, 'python-env': pythonFolder } = values;
  if (data === undefined) throw new UsageError('--quantize needs labelled sentences: --data FILE');
  return {
    plan: quick ? QUICK_QUANTIZE : FULL_QUANTIZE,
    dataFile: resolve(data),
    python,
    pythonFolder: pythonFolder === undefined ? null : resolve(pythonFolder),
  };
}

function wholeNumber(option: string, value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value))
    throw new UsageError(`${option}: ${value} is not a whole number above 0`);
  return Number(value);
}
