import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { SEED } from '../base/plan.js';
import { treePssBytes } from '../base/process-tree.js';
import { say } from '../base/progress.js';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-files.js';
import { BatchProcess, wholeEnd } from './batch-process.js';
import { writeCorpus } from './corpus-file.js';
import { MEMORY_VERSION } from './plan.js';

/** The most that all processes of one run had together. */
export interface PeakMemory {
  readonly lines: number;
  readonly peakBytes: number;
  readonly linesPerS: number;
}

/** Two million sentences of any length would take an hour; the memory that lines take depends on their bytes, not on their tokens. */
const WORDS = { least: 5, most: 8 };

/** Reading the sizes of three processes takes a few milliseconds of a core. */
const SAMPLE_EVERY_MS = 500;

/** Peak of the proportional set size of the process tree, for a file of so many distinct sentences. */
export async function measurePeakMemory(
  lines: number,
  entry: string,
  workFolder: string,
): Promise<PeakMemory> {
  const input = join(workFolder, `memory-${lines}.jsonl`);
  const output = `${input}.out.jsonl`;
  await writeCorpus(input, new DistinctTexts(versionFolder('v1'), SEED + lines, WORDS), lines);
  const batch = new BatchProcess({ entry, input, output, version: MEMORY_VERSION });
  let peakBytes = 0;
  const sampling = setInterval(() => {
    peakBytes = Math.max(peakBytes, treeBytes(batch.pid));
  }, SAMPLE_EVERY_MS);
  try {
    const { summary } = wholeEnd(await batch.ended());
    say(
      `${lines} lines: ${(peakBytes / 1e6).toFixed(0)} MB at most, ${summary.texts_per_s.toFixed(0)} lines/s`,
    );
    return { lines, peakBytes, linesPerS: summary.texts_per_s };
  } finally {
    clearInterval(sampling);
    for (const path of [input, output]) rmSync(path, { force: true });
  }
}

/** A process that ends between being listed and being read counts as nothing. */
function treeBytes(pid: number): number {
  try {
    return treePssBytes(pid);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return 0;
    throw error;
  }
}
