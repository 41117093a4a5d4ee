import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REGISTRY } from './repository.js';

/** A registry of its own for one test: the shipped v1 and v2 of `sentiment`, and what the test adds. */
export class TempRegistry {
  readonly folder = mkdtempSync(join(tmpdir(), 'serin-registry-'));

  constructor() {
    mkdirSync(join(this.folder, 'sentiment'));
    for (const name of ['v1', 'v2']) {
      symlinkSync(join(REGISTRY, 'sentiment', name), join(this.folder, 'sentiment', name));
    }
  }

  /**
   * Adds a copy of a shipped version under another name, as a deployment does: complete before it has that name.
   * @param changes of its manifest
   */
  addVersion(name: string, changes: object = {}, shipped = 'v2'): void {
    const unfinished = join(this.folder, `unfinished-${name}`);
    cpSync(join(REGISTRY, 'sentiment', shipped), unfinished, { recursive: true });
    renameSync(unfinished, this.path(name));
    this.changeManifest(name, { version: name, ...changes });
  }

  /** sha256 of a version's manifest. */
  digestOf(name: string): string {
    return createHash('sha256')
      .update(readFileSync(this.path(name, 'manifest.json')))
      .digest('hex');
  }

  /**
   * Adds a version that has a pipeline of this name in place of a network, and no file but its manifest.
   * @param uses the digests that it binds, by the names of versions of `sentiment`
   */
  addPipeline(name: string, pipeline: string, uses: Readonly<Record<string, string>>): void {
    const like = JSON.parse(readFileSync(this.path('v1', 'manifest.json'), 'utf8')) as object;
    const bound = Object.entries(uses).map(([version, digest]) => [
      version,
      { model: 'sentiment', version, digest },
    ]);
    const own = {
      version: name,
      pipeline,
      uses: Object.fromEntries(bound) as object,
      files: {},
      accuracy: undefined,
    };
    this.write(name, 'manifest.json', JSON.stringify({ ...like, ...own }));
  }

  changeManifest(name: string, changes: object): void {
    const manifest = JSON.parse(readFileSync(this.path(name, 'manifest.json'), 'utf8')) as object;
    this.write(name, 'manifest.json', JSON.stringify({ ...manifest, ...changes }));
  }

  /** Gives a version another file, and the manifest the digest that fits it. */
  replace(name: string, file: string, content: string): void {
    this.write(name, file, content);
    const { files } = JSON.parse(readFileSync(this.path(name, 'manifest.json'), 'utf8')) as { files: object };
    const sha256 = createHash('sha256').update(content).digest('hex');
    const record = { sha256, bytes: Buffer.byteLength(content) };
    this.changeManifest(name, { files: { ...files, [file]: record } });
  }

  /** Changes one byte of a file; the manifest stays. Done twice, it is as it was. */
  flipByte(name: string, file: string): void {
    const bytes = readFileSync(this.path(name, file));
    bytes[1_000_000] = (bytes[1_000_000] ?? 0) ^ 1;
    writeFileSync(this.path(name, file), bytes);
  }

  write(name: string, file: string, content: string): void {
    mkdirSync(this.path(name), { recursive: true });
    writeFileSync(this.path(name, file), content);
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true });
  }

  delete(): void {
    rmSync(this.folder, { recursive: true });
  }

  path(name: string, file = ''): string {
    return join(this.folder, 'sentiment', name, file);
  }
}
