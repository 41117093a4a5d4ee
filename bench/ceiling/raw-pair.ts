import { Child } from '../base/child.js';
import { VERSIONS, type Version } from '../base/plan.js';
import type { DistinctTexts } from '../corpus/distinct-texts.js';
import { readRunSettings, versionFolder } from '../corpus/version-files.js';
import type { FromRaw, RawMeasurement, RawMode, ToRaw } from './raw-process.js';

/** Texts that the ceiling sorts by length: three times the dev set, more than any queue offers. */
const CEILING_TEXTS = 2_616;

/**
 * The most that this machine can do with these models, with nothing between the tensors and the runtime: two bare
 * single-thread processes. They keep their sessions for the whole run, and sleep while the service is measured.
 */
export class RawPair {
  private readonly pair = [0, 1].map(() => new Child<ToRaw, FromRaw>('ceiling/raw-process'));

  /** Opens every version in both processes. @param texts of which the next ones are used up */
  async load(texts: DistinctTexts): Promise<void> {
    const sequences = texts.take(CEILING_TEXTS).map((text) => texts.encode(text));
    for (const version of VERSIONS) {
      const folder = versionFolder(version);
      const settings = readRunSettings(folder);
      await Promise.all(
        this.pair.map((child, i) =>
          child.ask({ type: 'load', version, folder, settings, sequences, phase: i / this.pair.length }),
        ),
      );
    }
  }

  /** Texts per second of both processes, working at the same time on length-sorted batches. */
  async ceiling(version: Version, durationMs: number): Promise<number> {
    const both = await Promise.all(
      this.pair.map((child) => measure(child, { version, mode: 'batches', durationMs })),
    );
    return both.reduce((sum, { textsPerS }) => sum + textsPerS, 0);
  }

  /** One process alone, one text per run. */
  async single(version: Version, durationMs: number): Promise<RawMeasurement> {
    const [first] = this.pair;
    if (first === undefined) throw new Error('there is no process');
    return measure(first, { version, mode: 'single', durationMs });
  }

  async close(): Promise<void> {
    await Promise.all(this.pair.map((child) => child.close()));
  }
}

async function measure(
  child: Child<ToRaw, FromRaw>,
  what: { version: Version; mode: RawMode; durationMs: number },
): Promise<RawMeasurement> {
  const answer = await child.ask({ type: 'measure', ...what });
  if (answer.type !== 'measured') throw new Error(`a raw process answered ${answer.type}`);
  return answer;
}
