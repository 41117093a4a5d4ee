import { describe, expect, it } from 'vitest';
import {
  cgroupFolders,
  countPhysicalCores,
  grantedCores,
  parseAllowedCpus,
  parseCfsQuota,
  parseCpuList,
  parseCpuMax,
} from '../../../../src/base/machine/cpu-count.js';

/** /proc/cpuinfo of a machine whose processors are given as [package, core]. */
const cpuinfo = (...cpus: [number, number][]): string =>
  cpus
    .map(
      ([socket, core], processor) =>
        `processor\t: ${String(processor)}\nvendor_id\t: GenuineIntel\nphysical id\t: ${String(socket)}\n` +
        `siblings\t: 4\ncore id\t\t: ${String(core)}\ncpu cores\t: 2\n`,
    )
    .join('\n');

/** Two sockets of two cores of two hyper-threads; the kernel numbers the second threads last. */
const TWO_SOCKETS = cpuinfo([0, 0], [0, 1], [1, 0], [1, 1], [0, 0], [0, 1], [1, 0], [1, 1]);
const ARM = 'processor\t: 0\nBogoMIPS\t: 243.75\n\nprocessor\t: 1\nBogoMIPS\t: 243.75\n';

describe('what the kernel writes', () => {
  it('lists of processors', () => {
    expect([...parseCpuList('0-2,7')]).toEqual([0, 1, 2, 7]);
    expect([...parseCpuList('3\n')]).toEqual([3]);
    expect(parseAllowedCpus('Name:\tnode\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3\n')).toEqual(
      new Set([0, 1, 2, 3]),
    );
    expect(parseAllowedCpus('Name:\tnode\n')).toBeNull();
  });

  it('cores: hyper-threads count once, and equal numbers on two sockets are two cores', () => {
    expect(countPhysicalCores(TWO_SOCKETS, null)).toBe(4);
    expect(countPhysicalCores(TWO_SOCKETS, new Set([0, 4]))).toBe(1);
    expect(countPhysicalCores(TWO_SOCKETS, new Set([0, 1, 2]))).toBe(3);
    expect(countPhysicalCores(ARM, null)).toBeNull();
    expect(countPhysicalCores('', null)).toBeNull();
  });

  it('quotas of cgroup v2', () => {
    expect(parseCpuMax('150000 100000\n')).toBe(1.5);
    expect(parseCpuMax('max 100000\n')).toBeNull();
    expect(parseCpuMax('')).toBeNull();
  });

  it('quotas of cgroup v1', () => {
    expect(parseCfsQuota('200000\n', '100000\n')).toBe(2);
    expect(parseCfsQuota('-1\n', '100000\n')).toBeNull();
  });

  it('the groups above a process, of the controllers that limit CPU', () => {
    expect(cgroupFolders('0::/system.slice/serin.service\n')).toEqual([
      '/sys/fs/cgroup/system.slice/serin.service',
      '/sys/fs/cgroup/system.slice',
      '/sys/fs/cgroup',
    ]);
    const v1 = cgroupFolders('4:memory:/m\n3:cpu,cpuacct:/docker/ab\n1:name=systemd:/x\n');
    expect(v1).toContain('/sys/fs/cgroup/cpu,cpuacct/docker/ab');
    expect(v1).toContain('/sys/fs/cgroup/cpu');
    expect(v1.join()).not.toMatch(/memory|systemd|\/m|\/x/);
    expect(cgroupFolders('4:memory:/m\n3:cpu:/docker/ab\n', 'memory')).toEqual([
      '/sys/fs/cgroup/memory/m',
      '/sys/fs/cgroup/memory',
    ]);
  });
});

describe('cores granted', () => {
  const machine = (files: Record<string, string>, processors: number): number =>
    grantedCores({ readText: (path) => files[path] ?? null, availableParallelism: () => processors });
  const base = { '/proc/cpuinfo': TWO_SOCKETS, '/proc/self/status': 'Cpus_allowed_list:\t0-7\n' };

  it('are physical cores, not hyper-threads', () => {
    expect(machine(base, 8)).toBe(4);
  });

  it('are those of the affinity mask', () => {
    expect(machine({ ...base, '/proc/self/status': 'Cpus_allowed_list:\t1,5\n' }, 2)).toBe(1);
  });

  it('stay within the tightest quota of the groups, rounded down', () => {
    const v2 = { ...base, '/proc/self/cgroup': '0::/a/b\n', '/sys/fs/cgroup/a/b/cpu.max': 'max 100000' };
    expect(machine(v2, 8)).toBe(4);
    expect(machine({ ...v2, '/sys/fs/cgroup/a/cpu.max': '270000 100000' }, 8)).toBe(2);
    expect(machine({ ...v2, '/sys/fs/cgroup/cpu.max': '50000 100000' }, 8)).toBe(1);
    const v1 = {
      ...base,
      '/proc/self/cgroup': '3:cpu,cpuacct:/docker/unseen\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '300000',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
    };
    expect(machine(v1, 8)).toBe(3);
  });

  it('are the processors where the machine does not tell its cores', () => {
    expect(machine({ '/proc/cpuinfo': ARM }, 2)).toBe(2);
    expect(machine({}, 6)).toBe(6);
  });

  it('are at least one on this machine too', () => {
    expect(grantedCores()).toBeGreaterThanOrEqual(1);
  });
});
