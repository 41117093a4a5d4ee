import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StartError } from '../base/errors/start-error.js';
import { readReason } from '../base/files/write-error.js';
import { parseManifest } from './manifest-schema.js';
import type { FileRecord } from './manifest.js';
import type { ModelVersion } from './model-version.js';
import { digestMismatch, readVerifiedFile } from './verified-file.js';

/** Allowed names of model and version folders. The names appear in URLs, metrics and messages between processes. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A version folder: the version, or the reason why it cannot be used. */
export type FoundVersion =
  | { readonly name: string; readonly version: ModelVersion }
  | { readonly name: string; readonly version: null; readonly reason: string };

/** Model name → its version folders, both sorted by name. */
export type RegistryListing = ReadonlyMap<string, readonly FoundVersion[]>;

/**
 * Lists a registry by its manifests; no other file is read.
 * @throws StartError with a sentence when the folder is missing or holds no model
 */
export function readRegistry(folder: string): RegistryListing {
  const root = resolve(folder);
  if (!isDirectory(root)) {
    throw new StartError(
      `The model registry ${root} is not a folder; set MODEL_REGISTRY to one that holds <model>/<version>/manifest.json.`,
    );
  }
  const models = new Map<string, FoundVersion[]>();
  for (const model of foldersIn(root)) {
    const versions = foldersIn(join(root, model)).map((name) => readManifest(root, model, name));
    if (versions.length > 0) models.set(model, versions);
  }
  if (models.size === 0) {
    throw new StartError(
      `The model registry ${root} is empty; it should hold <model>/<version>/manifest.json.`,
    );
  }
  return models;
}

/**
 * Reads the current manifest of one version.
 * @returns undefined when there is no such folder, or the name is not an allowed one
 */
export function readVersion(folder: string, model: string, name: string): FoundVersion | undefined {
  const root = resolve(folder);
  if (![model, name].every((part) => NAME_PATTERN.test(part)) || !isDirectory(join(root, model, name)))
    return undefined;
  return readManifest(root, model, name);
}

/**
 * Compares every file of a version with its size and digest in the manifest.
 * @returns one sentence per file that does not match
 */
export async function verifyVersion({ folder, manifest }: ModelVersion): Promise<string[]> {
  const problems: string[] = [];
  for (const [file, record] of Object.entries(manifest.files)) {
    const problem = await verifyFile(join(folder, file), file, record);
    if (problem !== null) problems.push(problem);
  }
  return problems;
}

/** Reads and checks one file of a version; see {@link readVerifiedFile}. */
export function readVerified({ folder, manifest }: ModelVersion, file: string): Promise<Buffer> {
  return readVerifiedFile(folder, manifest.files, file);
}

async function verifyFile(path: string, file: string, record: FileRecord): Promise<string | null> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing ? `${file} is missing` : `${file} cannot be read: ${(error as Error).message}`;
  }
  if (bytes !== record.bytes) return `${file} has ${bytes} bytes where manifest.json says ${record.bytes}`;
  const sha256 = hash.digest('hex');
  return sha256 === record.sha256 ? null : digestMismatch(file, record.sha256, sha256);
}

function readManifest(root: string, model: string, name: string): FoundVersion {
  const folder = join(root, model, name);
  try {
    const bytes = readFileSync(join(folder, 'manifest.json'));
    const manifest = parseManifest(bytes.toString('utf8'));
    if (manifest.model !== model || manifest.version !== name) {
      throw new Error(
        `manifest.json says ${manifest.model}/${manifest.version}, but it lies in ${model}/${name}`,
      );
    }
    const digest = createHash('sha256').update(bytes).digest('hex');
    return {
      name,
      version: {
        model,
        version: name,
        folder,
        digest,
        key: `${model}/${name}@${digest.slice(0, 12)}`,
        manifest,
      },
    };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { name, version: null, reason: missing ? 'it has no manifest.json' : (error as Error).message };
  }
}

/** @throws StartError when it cannot be read */
function foldersIn(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => NAME_PATTERN.test(name) && isDirectory(join(folder, name)))
    .sort(byName);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new StartError(`The model registry cannot be read: ${folder}: ${readReason(error)}.`, {
      cause: error,
    });
  }
}

/** Compares names in natural order: v10 comes after v9. */
export function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** False also for a path that cannot be examined: below a file, with a name too long, with links in a circle. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
