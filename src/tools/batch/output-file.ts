import { open, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { StartError } from '../../base/errors/start-error.js';
import { AppendFile, countWholeParts } from './append-file.js';
import {
  entryLine,
  headerLine,
  readJournal,
  type BlockEntry,
  type FinishEntry,
  type Journal,
  type JournalHeader,
} from './journal.js';
import type { BlockPart, OutputTarget } from './output-target.js';
import type { OutputLock } from '../../base/files/output-lock.js';
import { decideStart, type Found, type ResumeMode } from './start-decision.js';
import { readReason, writeError } from '../../base/files/write-error.js';
import type { Summary } from './run-summary.js';

/**
 * Data is written before its journal entry, so a killed process loses no block that its journal lists. A
 * machine that loses power may: both are synced this often, and what the journal names is checked against its
 * CRC before it is built on.
 */
const SYNC_INTERVAL_MS = 1_000;

const sizeOf = async (path: string): Promise<number | null> => {
  const stats = await stat(path).catch(() => null);
  return stats?.size ?? null;
};

/** Said before hours of work, not when OUT gets its name: a rename would put a file in the place of a device. */
async function refuseNonFile(output: string): Promise<void> {
  const stats = await stat(output).catch(() => null);
  if (stats === null || stats.isFile()) return;
  const what = stats.isDirectory()
    ? 'it is a folder'
    : 'it is neither a file nor a new name; - writes to stdout';
  throw new StartError(`${output} cannot be written: ${what}.`);
}

const unlessMissing = (error: unknown): null => {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error as Error;
};

/** An existing journal that cannot be read may stand for hours of work, so it does not count as absent. */
async function journalAt(path: string): Promise<Journal | null> {
  try {
    const bytes = await readFile(path).catch(unlessMissing);
    return bytes && readJournal(bytes);
  } catch (error) {
    throw new StartError(
      `${path} cannot be read: ${readReason(error)}. Mend that to go on, or remove it and start over with --restart.`,
      { cause: error },
    );
  }
}

/** The names of the files beside OUT during a run. */
export const namesFor = (
  output: string,
): Record<'part' | 'errors' | 'errorsPart' | 'journal' | 'lock', string> => ({
  part: `${output}.part`,
  errors: `${output}.errors`,
  errorsPart: `${output}.errors.part`,
  journal: `${output}.journal`,
  lock: `${output}.lock`,
});

/**
 * What lies there. An empty part file is not counted as somebody else's, for a run that is killed at once leaves one
 * without a journal; nor is any beside a journal that a power loss has torn.
 */
async function lookAround(output: string, journal: Journal | null): Promise<Found> {
  const { part, errors, errorsPart, journal: journalPath } = namesFor(output);
  const hasJournal = (await sizeOf(journalPath)) !== null;
  const [partBytes, errorsBytes, errorsPartBytes] = [
    await sizeOf(part),
    await sizeOf(errors),
    await sizeOf(errorsPart),
  ];
  const parts = [part, errorsPart].filter((_, i) => ([partBytes, errorsPartBytes][i] ?? 0) > 0);
  const beside = errorsBytes === null ? parts : [errors, ...parts];
  return {
    journal,
    outputBytes: await sizeOf(output),
    hasPart: partBytes !== null,
    hasErrors: errorsBytes !== null,
    beside: hasJournal ? [] : beside,
  };
}

/** OUT, which appears under its name only when it is whole, and the journal by which a run goes on. */
export class OutputFile implements OutputTarget {
  private syncedAt = performance.now();

  private constructor(
    private readonly output: string,
    readonly done: readonly BlockEntry[],
    private readonly part: AppendFile,
    private readonly errors: AppendFile,
    private readonly journal: AppendFile,
    private readonly lock: Pick<OutputLock, 'check'>,
  ) {}

  /**
   * Begins a run, or goes on with one.
   * @param lock of this output: nothing more is written once another run has it
   * @returns the last entry of the journal when there is nothing left to do
   * @throws StartError when what lies there is not of this run, or cannot be written
   */
  static async open(
    output: string,
    header: JournalHeader,
    mode: ResumeMode,
    lock: Pick<OutputLock, 'check'>,
  ): Promise<OutputFile | FinishEntry> {
    const names = namesFor(output);
    await refuseNonFile(output);
    const journal = await journalAt(names.journal);
    const decision = decideStart(output, await lookAround(output, journal), header, mode);
    if (journal?.finish && decision === 'publish') await publish(output);
    if (journal?.finish && (decision === 'publish' || decision === 'finished')) return journal.finish;
    return journal !== null && decision === 'resume'
      ? OutputFile.resume(output, journal, lock)
      : OutputFile.begin(output, header, lock);
  }

  private static async begin(
    output: string,
    header: JournalHeader,
    lock: Pick<OutputLock, 'check'>,
  ): Promise<OutputFile> {
    const names = namesFor(output);
    // Opened first, so that a file that cannot be opened fails before anything has changed.
    const part = await AppendFile.open(names.part);
    const errors = await AppendFile.open(names.errorsPart);
    // The old journal is removed before its part file, and the new one is created after its part file.
    try {
      await unlink(names.journal).catch(unlessMissing);
    } catch (error) {
      throw writeError(names.journal, error);
    }
    await part.cut(0);
    await errors.cut(0);
    const journal = await AppendFile.open(names.journal);
    await journal.append(Buffer.from(headerLine(header)));
    return new OutputFile(output, [], part, errors, journal, lock);
  }

  private static async resume(
    output: string,
    { entries, ends }: Journal,
    lock: Pick<OutputLock, 'check'>,
  ): Promise<OutputFile> {
    const names = namesFor(output);
    const whole = Math.min(
      await countWholeParts(
        names.part,
        entries.map(({ outputBytes: end, outputCrc: crc }) => ({ end, crc })),
      ),
      await countWholeParts(
        names.errorsPart,
        entries.map(({ errorsBytes: end, errorsCrc: crc }) => ({ end, crc })),
      ),
    );
    const done = entries.slice(0, whole);
    const last = done.at(-1);
    const [part, errors, journal] = [
      await AppendFile.open(names.part),
      await AppendFile.open(names.errorsPart),
      await AppendFile.open(names.journal),
    ];
    await part.cut(last?.outputBytes ?? 0);
    await errors.cut(last?.errorsBytes ?? 0);
    await journal.cut(ends[whole] ?? 0);
    return new OutputFile(output, done, part, errors, journal, lock);
  }

  async append({ block, end, output, errors, tally }: BlockPart): Promise<void> {
    // Another run that has the output by now goes on from what the journal says: nothing may be added to it.
    await this.lock.check();
    await this.part.append(output);
    await this.errors.append(errors);
    const entry: BlockEntry = {
      block,
      end,
      outputBytes: this.part.bytes,
      outputCrc: crc32(output),
      errorsBytes: this.errors.bytes,
      errorsCrc: crc32(errors),
      tally,
    };
    await this.journal.append(Buffer.from(entryLine(entry)));
    if (performance.now() - this.syncedAt < SYNC_INTERVAL_MS) return;
    await this.sync();
    this.syncedAt = performance.now();
  }

  async finish(summary: Summary): Promise<void> {
    await this.sync();
    await this.lock.check();
    const entry: FinishEntry = { finished: true, outputBytes: this.part.bytes, summary };
    await this.journal.append(Buffer.from(entryLine(entry)));
    await this.journal.sync();
    await this.lock.check();
    await publish(this.output);
  }

  async close(): Promise<void> {
    await Promise.all([this.part, this.errors, this.journal].map((file) => file.close()));
  }

  private async sync(): Promise<void> {
    await Promise.all([this.part.sync(), this.errors.sync()]);
    await this.journal.sync();
  }
}

/** Gives the files their final names, OUT last; whatever of it a kill has left undone is done again. */
async function publish(output: string): Promise<void> {
  const names = namesFor(output);
  try {
    if ((await sizeOf(names.errorsPart)) === 0) {
      await rm(names.errors, { force: true });
      await rm(names.errorsPart);
    } else if ((await sizeOf(names.errorsPart)) !== null) await rename(names.errorsPart, names.errors);
    await rename(names.part, output);
    const folder = await open(dirname(output));
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    throw writeError(output, error);
  }
}
