import { cpus } from 'node:os';
import { readTextOrNull } from '../read-text.js';
import { cpuGrant, grantedCores, parseCpuList, type CpuGrant } from './cpu-count.js';

/** The processors of this machine. */
export interface Processors extends CpuGrant {
  /** Whole physical cores that this process may use; the default of WORKERS. */
  readonly granted: number;
  readonly model: string;
  /** Extensions as the kernel names them; null where it does not list them. */
  readonly features: ReadonlySet<string> | null;
  /** NUMA memory nodes; 1 when unknown. */
  readonly numaNodes: number;
}

/** The name of the first processor. */
export const cpuModel = (): string => cpus()[0]?.model.trim() ?? 'unknown';

/** Extensions of the first processor, from the text of /proc/cpuinfo (`flags` on x86, `Features` on ARM). */
export function parseFeatures(cpuinfo: string): ReadonlySet<string> | null {
  const list = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1];
  return list === undefined ? null : new Set(list.trim().split(/\s+/));
}

export function readProcessors(): Processors {
  const nodes = readTextOrNull('/sys/devices/system/node/online');
  return {
    ...cpuGrant(),
    granted: grantedCores(),
    model: cpuModel(),
    features: parseFeatures(readTextOrNull('/proc/cpuinfo') ?? ''),
    numaNodes: nodes === null ? 1 : Math.max(1, parseCpuList(nodes).size),
  };
}

/**
 * Notes about special properties of the processors and their consequences for workers and threads, one sentence each.
 */
export function processorNotes({
  processors,
  physicalCores,
  quota,
  granted,
  numaNodes,
}: Processors): string[] {
  const notes: string[] = [];
  if (physicalCores !== null && physicalCores < processors) {
    notes.push(
      `${processors} processors are hyper-threads of ${physicalCores} cores: two share one core's matrix units, so a worker per core is the start, and more threads than cores rarely pay`,
    );
  }
  if (quota < processors) {
    const lost = quota - Math.floor(quota);
    const rest =
      quota >= 1 && lost > 0.05 ? `; ${lost.toFixed(2)} of it is left to the process that speaks HTTP` : '';
    notes.push(
      `the control group grants ${Number(quota.toFixed(2))} processors of ${processors}: what runs beyond that is stopped in the middle of a batch, so ${granted} thread${granted === 1 ? '' : 's'} may infer${rest}`,
    );
  }
  if (numaNodes > 1) {
    notes.push(
      `${numaNodes} memory nodes: a worker whose threads span two of them waits for the far memory; prefer many workers with few threads, or one service per node (numactl --cpunodebind --membind)`,
    );
  }
  return notes;
}
