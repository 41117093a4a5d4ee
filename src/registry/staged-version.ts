import { createHash } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { mkdir, open, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../base/errors/start-error.js';
import { takeLock, type OutputLock } from '../base/files/output-lock.js';
import { halfMadeNames, lockOf } from './half-made.js';
import type { FileRecord } from './manifest.js';
import type { ModelVersion } from './model-version.js';
import { readVerified } from './registry-files.js';

/** The service that reads the registry often runs as another user, so files are readable for all. */
const FILE_MODE = 0o644;

/**
 * A temporary folder for a new version, beside the final one. The registry ignores it, because its name begins with a
 * dot. One rename turns it into the version; otherwise it is removed. A lock beside it tells other processes that it is
 * not abandoned.
 */
export class StagedVersion {
  /** Those that are neither published nor discarded: a process that ends before that removes them. */
  private static readonly open = new Set<StagedVersion>();
  private readonly records = new Map<string, FileRecord>();

  private constructor(
    readonly folder: string,
    private readonly target: string,
    /** Whether the model's folder was created for this version, so that `discard` removes it too. */
    private readonly madeParent: boolean,
    private readonly lock: OutputLock,
  ) {}

  /**
   * @param modelFolder the parent folder of the version, so that the rename stays within one file system
   * @throws StartError when the registry cannot be written to
   */
  static async create(modelFolder: string, version: string): Promise<StagedVersion> {
    const folder = join(modelFolder, halfMadeNames.made(version));
    try {
      const made = await mkdir(modelFolder, { recursive: true });
      const lock = takeLock(lockOf(folder));
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
      const staged = new StagedVersion(folder, join(modelFolder, version), made !== undefined, lock);
      if (StagedVersion.open.size === 0) process.on('exit', StagedVersion.discardAll);
      StagedVersion.open.add(staged);
      return staged;
    } catch (error) {
      if (error instanceof StartError) throw error;
      throw new StartError(`${modelFolder} cannot be written to: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  /** Size and digest of each file so far, in the order of adding. */
  get files(): Readonly<Record<string, FileRecord>> {
    return Object.fromEntries(this.records);
  }

  async write(file: string, content: string | Uint8Array): Promise<void> {
    await writeFile(this.path(file), content, { mode: FILE_MODE });
    await this.add(file);
  }

  /** Adds a file that other code has written into the folder. The file is synced to the disk when this returns. */
  async add(file: string): Promise<void> {
    const handle = await open(this.path(file), 'r+');
    try {
      // A copied file may not be readable for other users.
      await handle.chmod(FILE_MODE);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(this.path(file), { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
    this.records.set(file, { sha256: hash.digest('hex'), bytes });
  }

  /** Copies files of another version, each checked against its digest there. */
  async copy(from: ModelVersion, files: readonly string[]): Promise<void> {
    for (const file of files) await this.write(file, await readVerified(from, file));
  }

  /**
   * Renames the folder to the name of the version.
   * @param replace whether an existing version of this name is replaced
   * @returns the folder of the version
   * @throws StartError when the name is taken and `replace` is false
   */
  async publish(replace: boolean): Promise<string> {
    await publishFolder(this.folder, this.target, replace);
    this.close();
    return this.target;
  }

  /** Removes the folder if it has not been published. */
  async discard(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    this.close();
    // rmdir fails if the model's folder has other content by now, and that is correct.
    if (this.madeParent) await rmdir(dirname(this.folder)).catch(() => undefined);
  }

  private close(): void {
    this.lock.release();
    StagedVersion.open.delete(this);
    if (StagedVersion.open.size === 0) process.off('exit', StagedVersion.discardAll);
  }

  /** At the end of the process there is no time for promises. */
  private static readonly discardAll = (): void => {
    for (const staged of StagedVersion.open) {
      rmSync(staged.folder, { recursive: true, force: true });
      staged.close();
    }
  };
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Error codes of a rename onto a folder that is not empty, or onto a file. */
const TAKEN = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR']);

/**
 * Gives a complete folder the name of a version by one rename, which is synced to the disk when this returns. A folder
 * that had the name before is deleted after the rename, or restored when the rename fails.
 * @param staged folder beside the target
 * @param replace whether an existing folder of this name is replaced, also one that was created after earlier checks
 * @throws StartError when the name is taken and `replace` is false
 */
export async function publishFolder(staged: string, target: string, replace: boolean): Promise<void> {
  await syncFolder(staged);
  const before = join(dirname(target), halfMadeNames.replaced(basename(target)));
  const replaces = replace && (await moveAside(target, before));
  try {
    await rename(staged, target);
  } catch (error) {
    if (replaces) await rename(before, target);
    if (!TAKEN.has(codeOf(error) ?? '')) throw error;
    throw new StartError(`${target} has appeared meanwhile and is left as it is; --force replaces it.`, {
      cause: error,
    });
  }
  await syncFolder(dirname(target));
  if (replaces) await rm(before, { recursive: true, force: true });
}

/** @returns whether the target existed */
async function moveAside(target: string, before: string): Promise<boolean> {
  try {
    await rename(target, before);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
