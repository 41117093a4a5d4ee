import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import {
  isAlias,
  isMap,
  isScalar,
  parseDocument,
  type Document,
  type ErrorCode,
  type YAMLParseError,
} from 'yaml';
import type { ConfigProblem } from './config-error.js';
import { findHereOrInPackage, isThere } from './package-files.js';

export const DEFAULT_FILE = 'serin.config.yaml';

/** The top level of the configuration file, key by key; maps stay maps, so that no key is special. */
export interface ConfigFile {
  /** Name of the file in messages. */
  readonly name: string;
  /** Paths in the file are relative to this folder. */
  readonly folder: string;
  /** Absolute path of the file whose change matters: the package's own is not watched, but one that appears here is. */
  readonly watched: string;
  /** {@link fileDigest} of `watched`, as it was read. */
  readonly digest: string;
  readonly entries: ReadonlyMap<unknown, unknown>;
  /**
   * Whether the file has a value at this path of keys. A `null` that is written out is a value; a key with nothing behind
   * it, as in a file that was cut off there, has none. The package's own file has none at all: it is the default.
   */
  readonly states: (...path: readonly string[]) => boolean;
}

/** The current content of a file, or the error code when it cannot be read. */
type Read = { readonly bytes: Buffer } | { readonly code: string };

function read(path: string): Read {
  try {
    return { bytes: readFileSync(path) };
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? 'unknown error' };
  }
}

const digestOf = (found: Read): string =>
  'code' in found ? found.code : createHash('sha256').update(found.bytes).digest('hex');

/** sha256 of a file's bytes, hex, or the error code when it cannot be read. It shows whether the file has changed. */
export const fileDigest = (path: string): string => digestOf(read(path));

function reportUnreadable(path: string, code: string, problems: ConfigProblem[]): void {
  const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
  problems.push({ key: basename(path), source: path, value: null, message: reason });
}

/** The codes of YAML errors whose messages quote nothing of the file in their first line. */
const QUOTING_NOTHING: ReadonlySet<string> = new Set<ErrorCode>([
  'BAD_INDENT',
  'BAD_PROP_ORDER',
  'BAD_SCALAR_START',
  'BLOCK_AS_IMPLICIT_KEY',
  'BLOCK_IN_FLOW',
  'DUPLICATE_KEY',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
  'MULTIPLE_ANCHORS',
  'MULTIPLE_DOCS',
  'MULTIPLE_TAGS',
  'TAB_AS_INDENT',
]);

/** Describes an error without quoting the file, which may hold a secret: `key: >secret` is an error of YAML. */
function yamlProblem({ code, message, linePos }: YAMLParseError): string {
  // The colon at its end leads to the quoted lines.
  if (QUOTING_NOTHING.has(code))
    return `not valid YAML: ${(message.split('\n', 1)[0] ?? '').replace(/:$/, '')}`;
  const [at] = linePos ?? [];
  return `not valid YAML${at ? ` at line ${String(at.line)}, column ${String(at.col)}` : ''}`;
}

/** Null for an empty document; for a document with too many aliases, the error text, which is not a map. */
function plainContent(document: Document.Parsed): unknown {
  try {
    return document.toJS({ mapAsMap: true }) ?? null;
  } catch (error) {
    return String(error);
  }
}

const statesIn =
  (document: Document.Parsed): ConfigFile['states'] =>
  (...path) => {
    let node: unknown = document.contents;
    for (const key of path) {
      const map = isAlias(node) ? node.resolve(document) : node;
      node = isMap(map) ? map.get(key, true) : undefined;
    }
    return isScalar(node) ? node.source !== '' : node !== undefined;
  };

/** Where the configuration file is looked for. */
export interface ConfigFolders {
  readonly cwd: string;
  /** The folder whose serin.config.yaml counts when `cwd` has none. */
  readonly packageFolder: string;
}

/**
 * Reads the file `named`, or serin.config.yaml in the working directory, or that of the package. A file that is missing
 * although it was named or a link leads to it, a file without any content (an editor has emptied it and is about to write
 * it), and a file that is not a YAML map add to `problems` and count as a file without settings.
 */
export function readConfigFile(
  { cwd, packageFolder }: ConfigFolders,
  named: string | undefined,
  problems: ConfigProblem[],
): ConfigFile {
  const { path, isThePackages } =
    named === undefined
      ? findHereOrInPackage(DEFAULT_FILE, cwd, packageFolder)
      : { path: resolve(cwd, named), isThePackages: false };
  const [name, folder, watched] = [basename(path), dirname(path), resolve(cwd, named ?? DEFAULT_FILE)];
  const found = read(path);
  const digest = isThePackages ? fileDigest(watched) : digestOf(found);
  const none: ConfigFile = { name, folder, watched, digest, entries: new Map(), states: () => false };
  if ('code' in found) {
    if (named !== undefined || found.code !== 'ENOENT' || isThere(path))
      reportUnreadable(path, found.code, problems);
    return none;
  }
  const content = found.bytes.toString('utf8');
  if (content.trim() === '') {
    const message = 'the file is empty: write its settings again, or remove it';
    problems.push({ key: name, source: path, value: null, message });
    return none;
  }
  const document = parseDocument(content);
  const [error] = document.errors;
  if (error) {
    problems.push({ key: name, source: path, value: null, message: yamlProblem(error) });
    return none;
  }
  const entries = plainContent(document);
  if (entries === null) return none;
  if (!(entries instanceof Map)) {
    problems.push({ key: name, source: path, value: null, message: 'the file must be a map of settings' });
    return none;
  }
  return { ...none, entries, ...(!isThePackages && { states: statesIn(document) }) };
}
