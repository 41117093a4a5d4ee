import { accessSync, constants, existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseDocument, type Document } from 'yaml';
import { linkTarget } from '../../base/files/link-target.js';
import { replaceFile } from '../../base/files/replace-file.js';
import { StartError } from '../../base/errors/start-error.js';
import type { ChosenSettings } from './tune-report.js';

/** A key of the file, before and after. */
export interface Change {
  readonly key: string;
  /** The former value in the file; undefined if it had none. */
  readonly from: unknown;
  readonly to: number;
}

/**
 * The text of a configuration file with these settings. Everything else stays as it is, comments and order included.
 * @throws StartError when it is not a YAML map
 */
export function withSettings(source: string, settings: ChosenSettings): { text: string; changes: Change[] } {
  const document = settingsDocument(source);
  const changes: Change[] = [];
  for (const [key, to] of Object.entries(settings) as [string, number][]) {
    const from: unknown = document.get(key);
    if (from === to) continue;
    document.set(key, to);
    changes.push({ key, from, to });
  }
  return { text: changes.length === 0 ? source : document.toString({ lineWidth: 0 }), changes };
}

function settingsDocument(source: string): Document {
  const document = parseDocument(source);
  const [error] = document.errors;
  if (error) throw new StartError(`it is not valid YAML: ${error.message.split('\n', 1)[0] ?? ''}`);
  const content: unknown = document.toJS();
  if (content !== null && (typeof content !== 'object' || Array.isArray(content))) {
    throw new StartError('it must be a map of settings');
  }
  return document;
}

/**
 * Looks before anything is measured whether settings can be written to a configuration file.
 * @throws StartError when the file cannot be read or understood, or its folder not be written to
 */
export function checkSettingsFile(path: string): void {
  try {
    if (existsSync(path)) settingsDocument(readFileSync(path, 'utf8'));
    // The file is replaced by a new one beside it, whose name is longer.
    const target = linkTarget(path);
    accessSync(dirname(target), constants.W_OK | constants.X_OK);
    lstatSync(`${target}.${String(process.pid)}.tmp`, { throwIfNoEntry: false });
  } catch (error) {
    throw new StartError(`${path} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Writes the settings to a configuration file, as a whole or not at all; a file that is not there is begun.
 * @returns what it changed; nothing when the file says so already
 * @throws StartError when the file cannot be read, understood or written
 */
export async function writeSettings(path: string, settings: ChosenSettings): Promise<Change[]> {
  try {
    const isThere = existsSync(path);
    const source = isThere ? readFileSync(path, 'utf8') : '';
    const { text, changes } = withSettings(source, settings);
    if (changes.length > 0)
      await replaceFile(linkTarget(path), text, isThere ? statSync(path).mode & 0o777 : 0o644);
    return changes;
  } catch (error) {
    throw new StartError(`${path} cannot be written: ${(error as Error).message}`);
  }
}
