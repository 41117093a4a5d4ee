import type { ModelVersion } from '../../registry/model-version.js';
import { note, ok, warn, type Finding } from './finding.js';
import { processorNotes, type Processors } from '../../base/machine/processors.js';

/** Which kernels ONNX Runtime's int8 products take, the fastest first. Each adds up in 32 bits but the last. */
const INT8_KERNELS = [
  ['AMX', ['amx_int8']],
  ['AVX512-VNNI', ['avx512_vnni']],
  ['AVX-VNNI', ['avx_vnni']],
  ['ARM int8 matrix', ['i8mm']],
  ['ARM dot product', ['asimddp']],
  ['AVX-512 without VNNI', ['avx512bw', 'avx512f']],
  ['AVX2 without VNNI', ['avx2']],
] as const;

const SATURATING: readonly string[] = ['AVX-512 without VNNI', 'AVX2 without VNNI'];

/** The kernels of a processor with these extensions; null when they say nothing about it. */
export function int8Kernels(features: ReadonlySet<string>): string | null {
  return INT8_KERNELS.find(([, names]) => names.some((name) => features.has(name)))?.[0] ?? null;
}

/** Whether the threads that infer fit the processors. */
export function judgeCores(
  processors: Processors,
  { workers, threadsPerWorker }: { readonly workers: number; readonly threadsPerWorker: number },
): Finding[] {
  const { granted } = processors;
  const threads = workers * threadsPerWorker;
  const asks = `${workers} workers × ${threadsPerWorker} threads`;
  const has = `${granted} core${granted === 1 ? '' : 's'} granted`;
  const notes = processorNotes(processors).map((sentence) => note('cores', sentence));
  if (threads > granted) {
    const todo = `set WORKERS × THREADS_PER_WORKER to at most ${granted}; serin tune measures which`;
    return [warn('cores', `${asks} for ${has}: they take turns, and every batch is late`, todo), ...notes];
  }
  if (threads < granted) {
    return [note('cores', `${asks} for ${has}: ${granted - threads} stay idle`), ...notes];
  }
  return [ok('cores', `${asks} for ${has}`), ...notes];
}

/** Whether this processor computes a version as the ones did on which it was checked. */
export function judgeFeatures(
  { features, model }: Pick<Processors, 'features' | 'model'>,
  version: Pick<ModelVersion, 'model' | 'version' | 'manifest'>,
): Finding {
  const name = `${version.model}/${version.version}`;
  const { precision, checked_on: checkedOn = [], source } = version.manifest;
  const kernels = features === null ? null : int8Kernels(features);
  if (features === null || kernels === null) {
    return note('cpu', `what ${model} does with int8 is unknown here; parity tells whether ${name} is right`);
  }
  if (!precision.includes('int8'))
    return ok('cpu', `${name} computes in ${precision}: no int8 kernels are needed`);
  if (SATURATING.includes(kernels)) {
    const bits = typeof source?.weight_bits === 'number' ? source.weight_bits : 8;
    if (bits > 7) {
      const todo = `quantize it with 7-bit weights, or serve it on a CPU with VNNI or AMX`;
      return warn(
        'cpu',
        `${name} has ${bits}-bit weights and this CPU ${kernels}: sums can saturate in 16 bits`,
        todo,
      );
    }
    return note(
      'cpu',
      `${name} is int8 and this CPU has ${kernels}: right (${bits}-bit weights cannot saturate), but slower than with VNNI`,
      'expect less of int8 here; serin tune measures it',
    );
  }
  const same = checkedOn.find((record) => int8Kernels(new Set(record.features)) === kernels);
  if (same !== undefined)
    return ok('cpu', `${name} was checked on a CPU with ${kernels}, as this one (${same.cpu})`);
  const known = checkedOn.map((record) => int8Kernels(new Set(record.features)) ?? 'unknown').join(', ');
  return note(
    'cpu',
    `${name} was checked with ${known || 'no CPU on record'}, never with ${kernels}; parity tells here`,
  );
}
