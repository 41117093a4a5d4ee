import { availableParallelism } from 'node:os';
import { posix } from 'node:path';
import { readTextOrNull } from '../read-text.js';

/** The processors of a list as the kernel writes it, e.g. `0-2,7`. */
export function parseCpuList(list: string): Set<number> {
  const cpus = new Set<number>();
  for (const part of list.trim().split(',')) {
    const [first, last = first] = part.split('-').map(Number);
    if (first === undefined || last === undefined) continue;
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return cpus;
}

/** Processors that this process may run on, from the text of /proc/self/status; null where it does not say. */
export function parseAllowedCpus(status: string): Set<number> | null {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1];
  return list === undefined ? null : parseCpuList(list);
}

/**
 * Number of physical cores among the allowed processors, from the text of /proc/cpuinfo. Two hyper-threads of one core
 * share its matrix units, so a second inference process on the same core slows down the first. Null where cpuinfo does
 * not list cores (ARM); such machines mostly have no hyper-threads.
 */
export function countPhysicalCores(cpuinfo: string, allowed: Set<number> | null): number | null {
  const cores = new Set<string>();
  for (const block of cpuinfo.split(/\n\s*\n/)) {
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}\\s*:\\s*(\\d+)`, 'm').exec(block)?.[1];
    const processor = field('processor');
    const core = field('core id');
    if (processor === undefined || (allowed && !allowed.has(Number(processor)))) continue;
    if (core === undefined) return null;
    cores.add(`${field('physical id') ?? '0'}:${core}`);
  }
  return cores.size === 0 ? null : cores.size;
}

/** Processors' worth of time in cgroup v2's cpu.max (`150000 100000` is 1.5); null without a limit. */
export function parseCpuMax(text: string): number | null {
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : null;
}

/** The same from cgroup v1's cpu.cfs_quota_us and cpu.cfs_period_us; a quota of -1 is no limit. */
export function parseCfsQuota(quotaText: string, periodText: string): number | null {
  return parseCpuMax(`${quotaText.trim()} ${periodText.trim()}`);
}

/**
 * Folders whose limits bind this process, from the text of /proc/self/cgroup: its own group and every group
 * above it. A container often sees its group as the root, so the mount points themselves come last.
 */
export function cgroupFolders(selfCgroup: string, controller: 'cpu' | 'memory' = 'cpu'): string[] {
  const v1Mounts = {
    cpu: ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpu,cpuacct'],
    memory: ['/sys/fs/cgroup/memory'],
  };
  const folders = new Set<string>();
  for (const line of selfCgroup.split('\n')) {
    const [, , controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    const isV1 = controllers.split(',').includes(controller);
    if (controllers !== '' && !isV1) continue;
    const mounts = isV1 ? v1Mounts[controller] : ['/sys/fs/cgroup'];
    for (const mount of mounts) {
      for (let group = path; ; group = posix.dirname(group)) {
        folders.add(posix.join(mount, group).replace(/\/$/, ''));
        if (group === '/') break;
      }
    }
  }
  return [...folders];
}

/** The machine's facts that {@link grantedCores} needs. Tests pass their own. */
export interface MachineFacts {
  /** Reads a file of the kernel; null when it does not exist. */
  readonly readText: (path: string) => string | null;
  readonly availableParallelism: () => number;
}

const thisMachine: MachineFacts = {
  readText: readTextOrNull,
  availableParallelism,
};

/** The tightest CPU quota of the process' control groups, in processors; Infinity without one. */
function cpuQuota({ readText }: MachineFacts): number {
  const quotas = cgroupFolders(readText('/proc/self/cgroup') ?? '').map((folder) => {
    const v2 = readText(`${folder}/cpu.max`);
    if (v2 !== null) return parseCpuMax(v2);
    const quota = readText(`${folder}/cpu.cfs_quota_us`);
    const period = readText(`${folder}/cpu.cfs_period_us`);
    return quota === null || period === null ? null : parseCfsQuota(quota, period);
  });
  return Math.min(...quotas.map((quota) => quota ?? Infinity));
}

/** The processors that this process may use. */
export interface CpuGrant {
  /** Processors of the affinity mask; two hyper-threads count as two. */
  readonly processors: number;
  /** Physical cores of these processors; null when unknown. */
  readonly physicalCores: number | null;
  /** Processors' worth of time that the control groups allow, e.g. 1.5; Infinity without a limit. */
  readonly quota: number;
}

export function cpuGrant(machine: MachineFacts = thisMachine): CpuGrant {
  const allowed = parseAllowedCpus(machine.readText('/proc/self/status') ?? '');
  return {
    processors: Math.min(allowed?.size ?? Infinity, machine.availableParallelism()),
    physicalCores: countPhysicalCores(machine.readText('/proc/cpuinfo') ?? '', allowed),
    quota: cpuQuota(machine),
  };
}

/**
 * Physical cores that this process may use: those of its affinity mask, at most its CPU quota rounded down
 * (a process throttled in mid-run makes every batch late), and at least one.
 */
export function grantedCores(machine: MachineFacts = thisMachine): number {
  const { processors, physicalCores, quota } = cpuGrant(machine);
  return Math.max(1, Math.floor(Math.min(physicalCores ?? Infinity, processors, quota)));
}
