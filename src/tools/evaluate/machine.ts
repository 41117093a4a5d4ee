import { kernelFacts, type KernelFacts, runtimeVersions } from '../../base/machine/run-facts.js';

/** Where an evaluation ran. */
export interface Machine extends KernelFacts {
  readonly workers: number;
  readonly threads_per_worker: number;
  readonly node: string;
  readonly serin: string;
}

export function describeMachine(workers: number, threadsPerWorker: number): Machine {
  const { node, serin } = runtimeVersions();
  const { cpu, features, onnxruntime } = kernelFacts();
  return {
    cpu,
    features,
    workers,
    threads_per_worker: threadsPerWorker,
    node,
    onnxruntime,
    serin,
  };
}
