import type { CostSample } from '../protocol/cost-model.js';
import type { LoadedVersion } from './load-version.js';
import { runPart } from './run-batch.js';

/** Any id that is in every vocabulary; what a token says does not change what its run costs. */
const FILLER_ID = 1;

/**
 * Runs the shortest and the longest shapes that traffic can bring, so that the first request pays for no
 * allocation, and times them. Each shape runs twice; the faster run counts, since noise
 * only ever slows a run down.
 * @param onRun called after each run
 */
export async function warmUp(version: LoadedVersion, onRun: () => void): Promise<CostSample[]> {
  const samples: CostSample[] = [];
  for (const [rows, length] of warmUpShapes(version)) {
    const sequence = new Int32Array(length).fill(FILLER_ID);
    const sequences = new Array<Int32Array>(rows).fill(sequence);
    let ms = Infinity;
    for (let repetition = 0; repetition < 2; repetition++) {
      const startedAt = performance.now();
      await runPart(version, sequences);
      ms = Math.min(ms, performance.now() - startedAt);
      onRun();
    }
    samples.push({ rows, length, ms });
  }
  return samples;
}

function warmUpShapes({ spec }: LoadedVersion): [rows: number, length: number][] {
  const longest = spec.maxTokens;
  const budget = spec.batching.max_padded_tokens;
  const lengths = [2, 3, 4, 16, 32, 64, longest].filter((length) => length <= longest);
  const shapes: [number, number][] = lengths.map((length) => [1, length]);
  if (spec.batching.runs_alone) return shapes;
  for (const length of [8, 16, 32, 64]) {
    const rows = Math.floor(budget / length);
    if (rows > 1 && length <= longest) shapes.push([rows, length], [Math.ceil(rows / 3), length]);
  }
  return shapes;
}
