import { join } from 'node:path';
import { SEED, VERSIONS, type Version } from '../base/plan.js';
import { say } from '../base/progress.js';
import { mean, median } from '../base/statistics.js';
import { RawPair } from '../ceiling/raw-pair.js';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-files.js';
import { runWhole } from './batch-process.js';
import { writeCorpus } from './corpus-file.js';
import type { FilesPlan } from './plan.js';

/** One file, between two ceilings. */
export interface FileRound {
  /** Texts per second, before and after. */
  readonly ceilings: readonly [number, number];
  /** From the moment that a worker was ready to the end. */
  readonly linesPerS: number;
  readonly ratio: number;
  /** From the command's start to its end. */
  readonly wallS: number;
}

/** Medians over the rounds. */
export interface FileSpeed {
  readonly lines: number;
  readonly linesPerS: number;
  readonly ceilingTextsPerS: number;
  readonly ratio: number;
  readonly lowestRatio: number;
  readonly highestRatio: number;
  readonly wallS: number;
}

/** Lines per second of `serin batch`, and of bare sessions of the same files in the same minute. */
export async function measureFileSpeed(
  { rounds, ceilingMs, speedLines }: FilesPlan,
  entry: string,
  workFolder: string,
): Promise<Record<Version, FileSpeed>> {
  const texts = new DistinctTexts(versionFolder('v1'), SEED);
  const raw = new RawPair();
  const found: Record<Version, FileRound[]> = { v1: [], v2: [] };
  try {
    await raw.load(texts);
    for (let round = 0; round < rounds; round++) {
      for (const version of VERSIONS) {
        const input = join(workFolder, `speed-${version}-${round}.jsonl`);
        await writeCorpus(input, texts, speedLines[version]);
        const before = await raw.ceiling(version, ceilingMs);
        const { summary, wallMs } = await runWhole({ entry, input, output: `${input}.out.jsonl`, version });
        const after = await raw.ceiling(version, ceilingMs);
        const linesPerS = summary.texts_per_s;
        const ratio = linesPerS / mean([before, after]);
        found[version].push({ ceilings: [before, after], linesPerS, ratio, wallS: wallMs / 1000 });
        say(
          `round ${round + 1} of ${rounds}, ${version}: ${linesPerS.toFixed(0)} lines/s, ceiling ${before.toFixed(0)} and ${after.toFixed(0)} (${ratio.toFixed(3)})`,
        );
      }
    }
  } finally {
    await raw.close();
  }
  return { v1: summarise(found.v1, speedLines.v1), v2: summarise(found.v2, speedLines.v2) };
}

function summarise(rounds: readonly FileRound[], lines: number): FileSpeed {
  const ratios = rounds.map(({ ratio }) => ratio);
  return {
    lines,
    linesPerS: median(rounds.map(({ linesPerS }) => linesPerS)),
    ceilingTextsPerS: median(rounds.map(({ ceilings }) => mean(ceilings))),
    ratio: median(ratios),
    lowestRatio: Math.min(...ratios),
    highestRatio: Math.max(...ratios),
    wallS: median(rounds.map(({ wallS }) => wallS)),
  };
}
