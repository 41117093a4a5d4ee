import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  createReadStream,
  fchmodSync,
  fsyncSync,
  openSync,
  writeSync,
} from 'node:fs';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileRecord } from '../../registry/manifest.js';
import { publishFolder } from '../../registry/publish-folder.js';

/**
 * A version folder in the making, under a name that no reader of the registry takes for a version. It gets its real
 * name when everything in it is on the disk, or goes away.
 */
export class StagedVersion {
  private constructor(readonly folder: string) {}

  /** @param parent folder that the version will lie in: a rename stays within one file system */
  static async create(parent: string, version: string): Promise<StagedVersion> {
    await mkdir(parent, { recursive: true });
    const folder = join(parent, `.importing-${version}-${process.pid}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    return new StagedVersion(folder);
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  write(file: string, content: Uint8Array | string): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    // Whoever serves the registry reads it, often as another user.
    const descriptor = openSync(this.path(file), 'w', 0o644);
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  copy(from: string, file: string): void {
    copyFileSync(from, this.path(file));
    const descriptor = openSync(this.path(file), 'r+');
    try {
      // The source may be the private file of whoever exported it.
      fchmodSync(descriptor, 0o644);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Size and digest of each file but the manifest, as they lie on the disk. */
  async records(): Promise<Record<string, FileRecord>> {
    const names = (await readdir(this.folder)).filter((name) => name !== 'manifest.json').sort();
    const records: Record<string, FileRecord> = {};
    for (const name of names) records[name] = await recordOf(this.path(name));
    return records;
  }

  /**
   * Gives the folder its name.
   * @param replace whether another version may have it
   * @throws StartError when one has it that is not to be replaced
   */
  async publish(version: string, replace: boolean): Promise<string> {
    const target = join(dirname(this.folder), version);
    await publishFolder(this.folder, target, replace);
    return target;
  }

  /** Takes away what has not been published, and the parent if it was made for it. */
  async discard(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await rmdir(dirname(this.folder)).catch(() => undefined);
  }
}

async function recordOf(path: string): Promise<FileRecord> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
