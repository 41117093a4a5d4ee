import { readlinkSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StartError } from '../errors/start-error.js';

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * The name that a path leads to when it is a symbolic link, whether there is a file or not: a file that is replaced by
 * rename would otherwise take the place of the link. Any other path is returned as it is, also one that cannot be used:
 * the call that uses it says why.
 * @throws StartError when links lead to one another
 */
export function linkTarget(path: string): string {
  let at = path;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const to = linkAt(at);
    if (to === null) return at;
    at = resolve(realpathSync(dirname(at)), to);
  }
  throw new StartError(`${path} cannot be used: its links lead to one another.`);
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
