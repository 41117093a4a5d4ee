import { cpus } from 'node:os';
import { cpuFeatures, runtimeVersions } from '../../base/run-facts.js';

/** Where an evaluation ran. */
export interface Machine {
  readonly cpu: string;
  /** Extensions of the CPU that decide about kernels, sorted. */
  readonly features: readonly string[];
  readonly workers: number;
  readonly threads_per_worker: number;
  readonly node: string;
  readonly onnxruntime: string;
  readonly serin: string;
}

export function describeMachine(workers: number, threadsPerWorker: number): Machine {
  const { node = '', onnxruntime = '', serin = '' } = runtimeVersions();
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    features: cpuFeatures().split(' ').slice(1),
    workers,
    threads_per_worker: threadsPerWorker,
    node,
    onnxruntime,
    serin,
  };
}
