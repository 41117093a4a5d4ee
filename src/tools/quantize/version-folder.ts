import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../../base/errors/start-error.js';
import type { FileRecord } from '../../registry/manifest.js';
import { publishFolder } from '../../registry/publish-folder.js';
import { readVerified } from '../../registry/registry-files.js';
import type { ModelVersion } from '../../registry/model-version.js';

/**
 * A version folder in the making, beside the one that it will become. The registry does not see it (its name begins
 * with a dot), and it becomes the version at once, by one rename, or leaves nothing behind.
 */
export class VersionFolder {
  private readonly records = new Map<string, FileRecord>();

  private constructor(
    readonly path: string,
    private readonly target: string,
  ) {}

  /** @throws StartError when the registry cannot be written to */
  static async create(modelFolder: string, version: string): Promise<VersionFolder> {
    const path = join(modelFolder, `.${version}.new-${process.pid}`);
    try {
      await mkdir(path);
    } catch (error) {
      throw new StartError(`${modelFolder} cannot be written to: ${(error as Error).message}.`, {
        cause: error,
      });
    }
    return new VersionFolder(path, join(modelFolder, version));
  }

  /** Size and digest of each file so far. */
  get files(): Readonly<Record<string, FileRecord>> {
    return Object.fromEntries(this.records);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(join(this.path, name), content, { flush: true });
    await this.add(name);
  }

  /** Takes a file over that was written into the folder by another hand. */
  async add(name: string): Promise<void> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(join(this.path, name))) hash.update(chunk as Buffer);
    const { size } = await stat(join(this.path, name));
    this.records.set(name, { sha256: hash.digest('hex'), bytes: size });
  }

  /** Copies files of another version, each checked against its digest there. */
  async copy(from: ModelVersion, names: readonly string[]): Promise<void> {
    for (const name of names) await this.write(name, await readVerified(from, name));
  }

  /**
   * Makes it the version.
   * @param replace whether another one may have its name
   * @throws StartError when one has it that is not to be replaced
   */
  async publish(replace: boolean): Promise<void> {
    await publishFolder(this.path, this.target, replace);
  }

  async discard(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
