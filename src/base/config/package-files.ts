import { lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, from `src/` and from `dist/` alike. It holds models and a configuration of its own. */
export const PACKAGE_FOLDER = fileURLToPath(new URL('../../..', import.meta.url));

/** A link that leads nowhere is there too: what it should lead to is missing, and must not be replaced in silence. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** A file or folder that was looked for in the working directory. */
export interface LookedFor {
  /** Absolute; in the working directory when it is in neither folder. */
  readonly path: string;
  /** The one that comes with the package, because the working directory has none. */
  readonly isThePackages: boolean;
}

/** Finds `name` in the working directory, else in the package. */
export function findHereOrInPackage(name: string, cwd: string, packageFolder: string): LookedFor {
  const [here, there] = [resolve(cwd, name), join(packageFolder, name)];
  const isThePackages = !isThere(here) && isThere(there);
  return { path: isThePackages ? there : here, isThePackages };
}
