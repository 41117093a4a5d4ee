import type { AcceptanceLimits } from '../../registry/acceptance.js';
import type { Decision } from './decision.js';
import type { CandidateFigures, Comparison, VersionFigures } from './version-figures.js';
import { kernelFacts, type KernelFacts, runtimeVersions } from '../../base/machine/run-facts.js';

/** `serin evaluate --json`. */
export interface EvaluationReport {
  readonly schema_version: 1;
  readonly model: string;
  readonly data: {
    readonly name: string;
    /** Of the uncompressed content, hex. */
    readonly sha256: string;
    /** Lines of the file, with its header and its blank ones. */
    readonly lines: number;
    /** Of these, lines that continue a row which began on an earlier line. */
    readonly continued_lines: number;
    /** Labelled texts in the file. */
    readonly rows: number;
    /** Texts that were evaluated. */
    readonly n: number;
    readonly duplicates: number;
    /** Duplicates with another label. */
    readonly contradictions: number;
  };
  readonly candidate: CandidateFigures;
  /** Null without a version to compare with. */
  readonly against: VersionFigures | null;
  readonly comparison: Comparison | null;
  readonly limits: AcceptanceLimits;
  readonly decision: Decision;
  readonly machine: Machine;
  /** ISO 8601. */
  readonly at: string;
  readonly duration_s: number;
}

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
