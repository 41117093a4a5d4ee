import { childrenOf, pssBytes, treeOf } from '../base/process-tree.js';

/** Proportional set size in bytes. */
export interface Memory {
  readonly totalBytes: number;
  readonly mainBytes: number;
  readonly workersBytes: readonly number[];
}

export function measureMemory(pid: number): Memory {
  return {
    totalBytes: treeOf(pid).reduce((sum, member) => sum + pssBytes(member), 0),
    mainBytes: pssBytes(pid),
    workersBytes: childrenOf(pid).map(pssBytes),
  };
}
