import { createRequire } from 'node:module';
import { arch } from 'node:os';
import { readTextOrNull } from '../read-text.js';
import { cpuModel, parseFeatures } from './processors.js';

const require = createRequire(import.meta.url);

const versionOf = (packageJson: string): string => (require(packageJson) as { version: string }).version;

/** Versions of all software that the bytes of an output depend on. */
export function runtimeVersions(): Record<'serin' | 'node' | 'zlib' | 'onnxruntime', string> {
  const { node, zlib } = process.versions;
  return {
    serin: versionOf('../../../package.json'),
    node,
    zlib,
    onnxruntime: versionOf('onnxruntime-node/package.json'),
  };
}

/** CPU extensions by which ONNX Runtime chooses its kernels; the kernel decides the last digits of a sum. */
const TELLING = /^(avx|fma|f16c|amx|asimd|sve|i8mm|bf16)/;

function tellingFeatures(): string[] {
  const features = parseFeatures(readTextOrNull('/proc/cpuinfo') ?? '') ?? [];
  return [...features].filter((feature) => TELLING.test(feature)).sort();
}

/** The CPU's extensions, sorted; where the kernel does not list them, the name of the CPU. */
export function cpuFeatures(): string {
  const features = tellingFeatures();
  return `${arch()} ${features.length > 0 ? features.join(' ') : cpuModel()}`;
}

/** The facts that the last digits of a score depend on, in the form of manifests and reports. */
export interface KernelFacts {
  readonly cpu: string;
  /** Extensions of the CPU that decide about kernels, sorted; empty where the kernel does not list them. */
  readonly features: readonly string[];
  readonly onnxruntime: string;
}

export const kernelFacts = (): KernelFacts => ({
  cpu: cpuModel(),
  features: tellingFeatures(),
  onnxruntime: runtimeVersions().onnxruntime,
});
