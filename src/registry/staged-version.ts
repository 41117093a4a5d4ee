import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../base/errors/start-error.js';
import type { FileRecord } from './manifest.js';
import type { ModelVersion } from './model-version.js';
import { readVerified } from './registry-files.js';

/** Whoever serves the registry reads it, often as another user. */
const FILE_MODE = 0o644;

/**
 * A version folder in the making, beside the one that it will become. The registry does not see it (its name begins
 * with a dot), and it becomes the version at once, by one rename, or leaves nothing behind.
 */
export class StagedVersion {
  private readonly records = new Map<string, FileRecord>();

  private constructor(
    readonly folder: string,
    private readonly target: string,
    /** Whether the model's folder was made for it, and goes with it. */
    private readonly madeParent: boolean,
  ) {}

  /**
   * @param modelFolder that the version will lie in: a rename stays within one file system
   * @throws StartError when the registry cannot be written to
   */
  static async create(modelFolder: string, version: string): Promise<StagedVersion> {
    const folder = join(modelFolder, `.${version}.new-${process.pid}`);
    try {
      const made = await mkdir(modelFolder, { recursive: true });
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
      return new StagedVersion(folder, join(modelFolder, version), made !== undefined);
    } catch (error) {
      throw new StartError(`${modelFolder} cannot be written to: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  /** Size and digest of each file so far, in the order in which they came. */
  get files(): Readonly<Record<string, FileRecord>> {
    return Object.fromEntries(this.records);
  }

  async write(file: string, content: string | Uint8Array): Promise<void> {
    await writeFile(this.path(file), content, { mode: FILE_MODE });
    await this.add(file);
  }

  /** Takes a file over that was written into the folder by another hand; it is on the disk when this returns. */
  async add(file: string): Promise<void> {
    const handle = await open(this.path(file), 'r+');
    try {
      // A copy may have the mode of a private file.
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
   * Makes it the version.
   * @param replace whether another one may have its name
   * @returns the folder of the version
   * @throws StartError when one has it that is not to be replaced
   */
  async publish(replace: boolean): Promise<string> {
    await publishFolder(this.folder, this.target, replace);
    return this.target;
  }

  /** Takes away what has not been published. */
  async discard(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    // Something else may lie in it by now.
    if (this.madeParent) await rmdir(dirname(this.folder)).catch(() => undefined);
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** What a rename onto a folder that holds something fails with, or onto a file. */
const TAKEN = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR']);

/**
 * Gives a folder that is whole the name of a version, by one rename, on the disk when this returns. What had the name
 * before is deleted once the new one has it, and gets it back when the new one cannot.
 * @param staged folder beside the target
 * @param replace whether another one may have the name; it may have come since somebody looked
 * @throws StartError when the name is taken and not to be replaced
 */
export async function publishFolder(staged: string, target: string, replace: boolean): Promise<void> {
  await syncFolder(staged);
  const before = join(dirname(target), `.replaced-${basename(target)}-${process.pid}`);
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

/** @returns whether there was something to move */
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
