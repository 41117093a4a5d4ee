import { describe, expect, it } from 'vitest';
import {
  availableBytes,
  estimateVersionBytes,
  memoryProblem,
  replacementProblem,
} from '../../../../src/engine/pool/memory-check.js';
import type { Manifest } from '../../../../src/registry/manifest.js';
import type { ModelVersion } from '../../../../src/registry/model-version.js';

type Files = Readonly<Record<string, string>>;

const machine =
  (files: Files): ((path: string) => string | null) =>
  (path) =>
    files[path] ?? null;

/** A machine with so much memory left, in kB, and its control group. */
const MEMINFO = (availableKb: number): Files => ({
  '/proc/meminfo': `MemTotal:       32000000 kB\nMemFree:         100000 kB\nMemAvailable:   ${String(availableKb)} kB\n`,
});

const version = (modelBytes: number, tokenizerBytes = 0): ModelVersion => {
  const record = (bytes: number): { sha256: string; bytes: number } => ({ sha256: '', bytes });
  const files = {
    'model.onnx': record(modelBytes),
    'tokenizer.json': record(tokenizerBytes),
    'calibration.jsonl': record(1e9),
  };
  return {
    model: 'sentiment',
    version: 'v3',
    folder: '',
    digest: '',
    key: '',
    manifest: { files } as unknown as Manifest,
  };
};

describe('what a version needs', () => {
  it('is three times what a worker keeps of its files', () => {
    expect(estimateVersionBytes(version(20e6, 1e6))).toBe(63e6);
  });
});

describe('what is available', () => {
  it('is what the machine says when no group limits it', () => {
    expect(availableBytes(machine(MEMINFO(1000)))).toBe(1_024_000);
    expect(availableBytes(machine({}))).toBe(Infinity);
  });

  it('is what the tightest group of version 2 leaves, page cache not counted', () => {
    const files = {
      ...MEMINFO(32_000_000),
      '/proc/self/cgroup': '0::/pod/serin\n',
      '/sys/fs/cgroup/pod/serin/memory.max': '1000000000\n',
      '/sys/fs/cgroup/pod/serin/memory.current': '700000000\n',
      '/sys/fs/cgroup/pod/serin/memory.stat':
        'anon 500000000\ninactive_file 150000000\nactive_file 50000000\n',
      '/sys/fs/cgroup/pod/memory.max': 'max\n',
      '/sys/fs/cgroup/pod/memory.current': '900000000\n',
    };
    expect(availableBytes(machine(files))).toBe(450_000_000);
    expect(availableBytes(machine({ ...files, '/sys/fs/cgroup/pod/memory.max': '1000000000\n' }))).toBe(
      100_000_000,
    );
  });

  it('is what a group of version 1 leaves', () => {
    const files = {
      '/proc/self/cgroup': '4:memory:/docker/ab\n2:cpu:/other\n',
      '/sys/fs/cgroup/memory/docker/ab/memory.limit_in_bytes': '500000000\n',
      '/sys/fs/cgroup/memory/docker/ab/memory.usage_in_bytes': '300000000\n',
      '/sys/fs/cgroup/memory/docker/ab/memory.stat': 'inactive_file 1\ntotal_inactive_file 100000000\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '40000000000\n',
    };
    expect(availableBytes(machine(files))).toBe(300_000_000);
  });
});

describe('a version is refused', () => {
  const settings = { processes: 3, workerPids: [7, 8], workerMaxRssBytes: 400e6 };
  const resident = { '/proc/7/status': 'VmRSS:\t  100000 kB\n', '/proc/8/status': 'VmRSS:\t  250000 kB\n' };

  it('when all processes together have no room for it, and says so in figures', () => {
    const tight = machine({ ...resident, ...MEMINFO(150_000) });
    expect(memoryProblem(version(20e6), settings, tight)).toBe(
      'The version v3 of sentiment needs about 60 MB in each worker process, 180 MB in all 3; 154 MB are available: unload another version, or give the service more memory.',
    );
    expect(memoryProblem(version(20e6), { ...settings, processes: 2 }, tight)).toBeNull();
  });

  it('when the largest worker would outgrow its limit', () => {
    const roomy = machine({ ...resident, ...MEMINFO(16_000_000) });
    expect(memoryProblem(version(50e6), settings, roomy)).toMatch(
      /needs about 150 MB in each worker process; one has 256 MB already, and WORKER_MAX_RSS_BYTES allows 400 MB/,
    );
    expect(memoryProblem(version(47e6), settings, roomy)).toBeNull();
  });

  it('never where the kernel says nothing', () => {
    expect(memoryProblem(version(50e6), settings, machine({}))).toBeNull();
  });
});

describe('a worker that would be replaced after each batch is told of', () => {
  const measured = (bytes: number): ModelVersion => {
    const { manifest, ...rest } = version(20e6);
    const checked = [{ worker_rss_bytes: bytes }] as unknown as Manifest['checked_on'];
    return { ...rest, manifest: { ...manifest, checked_on: checked } as Manifest };
  };

  it('by the memory that was measured at import, else by the size of the model', () => {
    expect(replacementProblem(measured(300e6), 200e6)).toBe(
      'A worker process with the version v3 of sentiment takes 300 MB or more, and WORKER_MAX_RSS_BYTES is 200 MB: the process is replaced after each batch; raise WORKER_MAX_RSS_BYTES.',
    );
    expect(replacementProblem(measured(200e6), 200e6)).toBeNull();
    expect(replacementProblem(version(201e6), 200e6)).toMatch(/takes 201 MB or more/);
    expect(replacementProblem(version(20e6), 200e6)).toBeNull();
  });
});
