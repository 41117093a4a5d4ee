import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../src/base/seeded-random.js';
import { SEED } from '../base/plan.js';
import { childrenOf, cpuSeconds } from '../base/process-tree.js';
import { say } from '../base/progress.js';
import { mean } from '../base/statistics.js';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-files.js';
import { BatchProcess, type BatchJob, type BatchSummary, wholeEnd } from './batch-process.js';
import { writeCorpus } from './corpus-file.js';
import { CRASH_VERSION, type FilesPlan } from './plan.js';

export interface CrashReport {
  readonly lines: number;
  readonly kills: number;
  /** Files under the final name that were not, byte for byte, that of the undisturbed run. */
  readonly wrongOutputs: number;
  /** Lines done twice per kill, estimated: mean and most. */
  readonly redoneMean: number;
  readonly redoneMost: number;
  /** Lines of a block, and the workers that were seen: a kill may cost each of them a block. */
  readonly blockLines: number;
  readonly workers: number;
}

/**
 * Longest life of a run from the moment that it scores, in shares of what each kill would get if all had the same:
 * below 2, so that the file is seldom finished before the last kill; where it is, it starts over.
 */
const LONGEST_LIFE_SHARE = 1.6;

/** Kills one job again and again at random moments, and compares its final output. */
export async function measureCrashes(
  { crashLines, kills }: FilesPlan,
  entry: string,
  workFolder: string,
): Promise<CrashReport> {
  const input = join(workFolder, 'crash.jsonl');
  await writeCorpus(input, new DistinctTexts(versionFolder('v1'), SEED + 1), crashLines);
  const job = { entry, input, version: CRASH_VERSION };
  const quietOutput = join(workFolder, 'quiet.jsonl');
  const quiet = await runMetered({ ...job, output: quietOutput });
  const scoringMs = (crashLines / quiet.summary.texts_per_s) * 1000;
  const startMs = quiet.wallMs - scoringMs;

  const one = join(workFolder, 'one-line.jsonl');
  await writeCorpus(one, new DistinctTexts(versionFolder('v1'), SEED + 2), 1);
  const { workersCpuS: startCpuS } = await runMetered({ ...job, input: one, output: `${one}.out.jsonl` });
  const pace: Pace = { startCpuS, cpuSPerLine: (quiet.workersCpuS - startCpuS) / crashLines };

  const expected = await sha256(quietOutput);

  const output = join(workFolder, 'killed.jsonl');
  const journal = `${output}.journal`;
  const random = seededRandom(SEED);
  const redone: number[] = [];
  let [wrongOutputs, workers] = [0, 0];
  /** Whatever stands under the final name must be whole; a new job begins behind it. */
  const checkOutput = async (): Promise<void> => {
    if ((await sha256(output)) !== expected) wrongOutputs++;
    for (const path of [output, journal]) rmSync(path);
  };
  while (redone.length < kills) {
    const doneBefore = readDone(journal).lines;
    const batch = new BatchProcess({ ...job, output });
    // From before a worker is ready, for a start can be killed too.
    const lifeMs = startMs * (0.5 + random() / 2) + (random() * LONGEST_LIFE_SHARE * scoringMs) / kills;
    await delay(lifeMs);
    workers = Math.max(workers, childrenOf(batch.pid).length);
    const workersCpuS = childrenCpuSeconds(batch.pid);
    batch.kill(redone.length % 2 === 1);
    const end = await batch.ended();
    const doneAfter = readDone(journal).lines;
    if (end.signal === 'SIGKILL') {
      redone.push(redoneLines({ workersCpuS, doneBefore, doneAfter }, pace));
      say(
        `kill ${redone.length} of ${kills}, ${(end.wallMs / 1000).toFixed(1)} s after the start: ${doneAfter} lines done`,
      );
    } else wholeEnd(end);
    if (existsSync(output)) await checkOutput();
  }
  const blockLines = crashLines / (statSync(input).size / readDone(`${quietOutput}.journal`).blockBytes);
  wholeEnd(await new BatchProcess({ ...job, output }).ended());
  await checkOutput();
  return {
    lines: crashLines,
    kills,
    wrongOutputs,
    redoneMean: mean(redone),
    redoneMost: Math.max(...redone),
    blockLines,
    workers,
  };
}

/** Between two looks at the processor time of workers, the last of which is the one before their end. */
const METER_EVERY_MS = 50;

/** Runs an undisturbed job, and returns the processor time of its workers. */
async function runMetered(
  job: BatchJob,
): Promise<{ summary: BatchSummary; wallMs: number; workersCpuS: number }> {
  const batch = new BatchProcess(job);
  let workersCpuS = 0;
  const meter = setInterval(() => {
    workersCpuS = Math.max(workersCpuS, childrenCpuSeconds(batch.pid));
  }, METER_EVERY_MS);
  try {
    const { summary, wallMs } = wholeEnd(await batch.ended());
    return { summary, wallMs, workersCpuS };
  } finally {
    clearInterval(meter);
  }
}

const childrenCpuSeconds = (pid: number): number =>
  childrenOf(pid).reduce((sum, child) => sum + cpuSeconds(child), 0);

/** The lines that a journal counts as done; a line that was cut off by a kill counts as nothing, as it does for a resume. */
function readDone(journal: string): { lines: number; blockBytes: number } {
  if (!existsSync(journal)) return { lines: 0, blockBytes: NaN };
  let [lines, blockBytes] = [0, NaN];
  for (const line of readFileSync(journal, 'utf8').split('\n').slice(0, -1)) {
    const entry = JSON.parse(line) as { tally?: { lines: number }; block_bytes?: number };
    lines += entry.tally?.lines ?? 0;
    blockBytes = entry.block_bytes ?? blockBytes;
  }
  return { lines, blockBytes };
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** One start of the command that was killed, as seen from outside. */
export interface Attempt {
  /** Processor time that its workers had used when it was killed. */
  readonly workersCpuS: number;
  /** Lines that were done when it began. */
  readonly doneBefore: number;
  /** Lines that were done when it was killed. */
  readonly doneAfter: number;
}

/** Processor time of undisturbed runs. */
export interface Pace {
  /** Processor time of the workers per line. */
  readonly cpuSPerLine: number;
  /** Processor time of the workers until they are ready. */
  readonly startCpuS: number;
}

/**
 * Lines that a killed attempt must have computed and not recorded as done: those that its workers had time to score,
 * less those that it recorded. Processor time, not the clock: it does not run on while a start is slow or others are at work. Still an
 * estimate, for the processor is not always equally fast.
 */
export function redoneLines(
  { workersCpuS, doneBefore, doneAfter }: Attempt,
  { cpuSPerLine, startCpuS }: Pace,
): number {
  const computed = Math.max(0, workersCpuS - startCpuS) / cpuSPerLine;
  return Math.max(0, computed - (doneAfter - doneBefore));
}
