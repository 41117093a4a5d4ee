import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseDocument, type Document } from 'yaml';
import type { ConfigProblem } from './config-error.js';

export const DEFAULT_FILE = 'serin.config.yaml';

/** The top level of the configuration file, key by key; maps stay maps, so that no key is special. */
export interface ConfigFile {
  /** How messages call it. */
  readonly name: string;
  /** Paths in the file are relative to this folder. */
  readonly folder: string;
  readonly entries: ReadonlyMap<unknown, unknown>;
}

const none = (name: string, folder: string): ConfigFile => ({ name, folder, entries: new Map() });

function readText(path: string, named: string | undefined, problems: ConfigProblem[]): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if (named === undefined && code === 'ENOENT') return null;
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    problems.push({ key: basename(path), source: path, value: null, message: reason });
    return null;
  }
}

/** Null for an empty document; a document whose aliases explode counts as not being a map. */
function plainContent(document: Document.Parsed): unknown {
  try {
    return document.toJS({ mapAsMap: true }) ?? null;
  } catch (error) {
    return String(error);
  }
}

/**
 * Reads the file that `named` says, else serin.config.yaml in `cwd` if it is there.
 * A file that is missing though named, or is not a YAML map, adds to `problems` and counts as empty.
 */
export function readConfigFile(
  cwd: string,
  named: string | undefined,
  problems: ConfigProblem[],
): ConfigFile {
  const path = resolve(cwd, named ?? DEFAULT_FILE);
  const [name, folder] = [basename(path), dirname(path)];
  const source = readText(path, named, problems);
  if (source === null) return none(name, folder);
  const document = parseDocument(source);
  const [error] = document.errors;
  if (error) {
    // Only the first line: the lines after it quote the file, which may hold a secret.
    const message = `not valid YAML: ${error.message.split('\n', 1)[0] ?? ''}`;
    problems.push({ key: name, source: path, value: null, message });
    return none(name, folder);
  }
  const content = plainContent(document);
  if (content === null) return none(name, folder);
  if (!(content instanceof Map)) {
    problems.push({ key: name, source: path, value: null, message: 'the file must be a map of settings' });
    return none(name, folder);
  }
  return { name, folder, entries: content };
}
