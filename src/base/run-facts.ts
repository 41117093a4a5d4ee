import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus } from 'node:os';

const require = createRequire(import.meta.url);

const versionOf = (packageJson: string): string => (require(packageJson) as { version: string }).version;

/** Versions of everything that the bytes of an output depend on. */
export function runtimeVersions(): Record<string, string> {
  const { node, zlib } = process.versions;
  return {
    serin: versionOf('../../package.json'),
    node,
    zlib,
    onnxruntime: versionOf('onnxruntime-node/package.json'),
  };
}

/** Extensions by which ONNX Runtime chooses its kernels, and with them the last digits of a sum. */
const TELLING = /^(avx|fma|f16c|amx|asimd|sve|i8mm|bf16)/;

/** The CPU's extensions, sorted; where the kernel does not list them, the name of the CPU. */
export function cpuFeatures(): string {
  let flags: string;
  try {
    flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  } catch {
    flags = '';
  }
  const telling = flags.split(' ').filter((flag) => TELLING.test(flag));
  return `${arch()} ${telling.length > 0 ? telling.sort().join(' ') : (cpus()[0]?.model ?? 'unknown')}`;
}
