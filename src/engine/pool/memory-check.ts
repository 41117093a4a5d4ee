import { readTextOrNull } from '../../base/read-text.js';
import { cgroupFolders } from '../../base/machine/cpu-count.js';
import type { ModelVersion } from '../../registry/model-version.js';

/**
 * Resident bytes that a worker may need at most while it loads a version, per byte of the files that it reads. Measured
 * as the rise of the peak memory (VmHWM) during the load, with ONNX Runtime 1.30, intraOp 1, warm-up included: 2.9 for
 * v2 (static int8, 23 MB) and 2.7 for v1 (fp32, 45 MB). While the worker serves, 2.8 and 2.5 remain in use.
 */
const PEAK_PER_FILE_BYTE = 3;

/** The files that a worker keeps in memory. */
const LOADED_FILES = ['model.onnx', 'tokenizer.json'];

/** A control group of version 1 without a limit reports a number near 2^63. */
const NO_LIMIT_BYTES = 2 ** 60;

export interface MemorySettings {
  /** Number of processes that will load the version: workers and spares. */
  readonly processes: number;
  /** Process ids of the workers that run now. */
  readonly workerPids: readonly number[];
  /** A worker larger than this is replaced after its batch. */
  readonly workerMaxRssBytes: number;
}

/**
 * Reads a file of the kernel, such as /proc/meminfo; null when the file does not exist. Tests pass their own function.
 */
export type ReadKernelFile = (path: string) => string | null;

/** Estimated bytes that one worker process needs for a version; rather too high than too low. */
export function estimateVersionBytes({ manifest }: Pick<ModelVersion, 'manifest'>): number {
  const fileBytes = LOADED_FILES.reduce((sum, file) => sum + (manifest.files[file]?.bytes ?? 0), 0);
  return PEAK_PER_FILE_BYTE * fileBytes;
}

/**
 * Bytes that may still be allocated: the least of the machine's available memory (without swapping) and the memory left
 * in each control group of this process. The page cache counts as free. Infinity where the kernel gives no figure.
 */
export function availableBytes(read: ReadKernelFile = readTextOrNull): number {
  const groups = cgroupFolders(read('/proc/self/cgroup') ?? '', 'memory').map((folder) =>
    leftInGroup(folder, read),
  );
  return Math.min(bytesOf(read('/proc/meminfo'), 'MemAvailable') ?? Infinity, ...groups);
}

/**
 * Explains in one sentence, with the figures, why a version should not be loaded now; null when there is enough memory.
 */
export function memoryProblem(
  version: ModelVersion,
  { processes, workerPids, workerMaxRssBytes }: MemorySettings,
  read: ReadKernelFile = readTextOrNull,
): string | null {
  const each = estimateVersionBytes(version);
  const need = `The version ${version.version} of ${version.model} needs about ${megabytes(each)} in each worker process`;
  const largest = Math.max(
    ...workerPids.map((pid) => bytesOf(read(`/proc/${String(pid)}/status`), 'VmRSS') ?? 0),
    0,
  );
  if (largest + each > workerMaxRssBytes) {
    return `${need}; one has ${megabytes(largest)} already, and WORKER_MAX_RSS_BYTES allows ${megabytes(workerMaxRssBytes)}: unload another version, or raise it.`;
  }
  const all = each * processes;
  const available = availableBytes(read);
  if (all <= available) return null;
  return `${need}, ${megabytes(all)} in all ${String(processes)}; ${megabytes(available)} are available: unload another version, or give the service more memory.`;
}

/**
 * Explains why worker processes with a version would be replaced after each of their batches; null when they would not.
 * A process is at least as large as was measured at import, or as the version's model.
 */
export function replacementProblem(version: ModelVersion, workerMaxRssBytes: number): string | null {
  const { checked_on: checked = [], files } = version.manifest;
  const measured = checked.map(({ worker_rss_bytes: bytes = 0 }) => bytes);
  const least = Math.max(...measured, files['model.onnx']?.bytes ?? 0);
  if (least <= workerMaxRssBytes) return null;
  return `A worker process with the version ${version.version} of ${version.model} takes ${megabytes(least)} or more, and WORKER_MAX_RSS_BYTES is ${megabytes(workerMaxRssBytes)}: the process is replaced after each batch; raise WORKER_MAX_RSS_BYTES.`;
}

/**
 * Bytes left in one control group; Infinity without a limit. The kernel can drop files from the page cache, so they do
 * not count as used.
 */
function leftInGroup(folder: string, read: ReadKernelFile): number {
  const isV1 = read(`${folder}/memory.limit_in_bytes`) !== null;
  const limit = read(`${folder}/${isV1 ? 'memory.limit_in_bytes' : 'memory.max'}`);
  const used = read(`${folder}/${isV1 ? 'memory.usage_in_bytes' : 'memory.current'}`);
  const limitBytes = Number(limit ?? 'max');
  if (used === null || Number.isNaN(limitBytes) || limitBytes >= NO_LIMIT_BYTES) return Infinity;
  const cache = new RegExp(`^${isV1 ? 'total_inactive_file' : 'inactive_file'} (\\d+)`, 'm').exec(
    read(`${folder}/memory.stat`) ?? '',
  );
  return Math.max(0, limitBytes - Number(used) + Number(cache?.[1] ?? 0));
}

/** A field of /proc/meminfo or /proc/<pid>/status, in bytes. */
function bytesOf(text: string | null, field: string): number | null {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text ?? '');
  return found === null ? null : Number(found[1]) * 1024;
}

const megabytes = (bytes: number): string => `${String(Math.ceil(bytes / 1e6))} MB`;
