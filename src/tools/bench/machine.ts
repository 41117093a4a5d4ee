import { cpus, loadavg, totalmem } from 'node:os';
import { cpuModel } from '../../base/machine/processors.js';
import { cpuFeatures, runtimeVersions } from '../../base/machine/run-facts.js';

/** Where a measurement ran. */
export interface Machine {
  readonly cpu: string;
  readonly processors: number;
  /** Extensions of the CPU that decide about kernels, sorted. */
  readonly features: string;
  readonly memory_bytes: number;
  readonly node: string;
  readonly onnxruntime: string;
  readonly serin: string;
  /** Of the minute before; 0 if the system does not report it. */
  readonly load_average_before: number;
}

export function describeMachine(): Machine {
  const { node, onnxruntime, serin } = runtimeVersions();
  return {
    cpu: cpuModel(),
    processors: cpus().length,
    features: cpuFeatures(),
    memory_bytes: totalmem(),
    node,
    onnxruntime,
    serin,
    load_average_before: loadavg()[0] ?? 0,
  };
}

const FACTS = {
  cpu: 'CPU',
  processors: 'processors',
  features: 'CPU extensions',
  memory_bytes: 'memory',
  node: 'Node.js',
  onnxruntime: 'ONNX Runtime',
  serin: 'Serin',
} as const satisfies Partial<Record<keyof Machine, string>>;

/** The differences between both machines, each as part of a sentence: `CPU: A, now B`. */
export function machineChanges(before: Machine, now: Machine): string[] {
  return Object.entries(FACTS).flatMap(([key, name]) => {
    const [was, is] = [before[key as keyof Machine], now[key as keyof Machine]];
    return was === is ? [] : [`${name}: ${String(was)} then, ${String(is)} now`];
  });
}
