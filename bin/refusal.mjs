// Why nothing can run here. Old versions of Node.js must be able to read this file too.
import { existsSync } from 'node:fs';

const isThere = (path) => existsSync(new URL(`../${path}`, import.meta.url));

/** A sentence for the user; null when the command can run, or can be made. */
export function refusal() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    return `needs Node.js 20.19 or newer; this is ${process.versions.node}`;
  }
  if (process.versions.pnp !== undefined || isThere('.pnp.cjs')) {
    return "Yarn's Plug'n'Play is not supported: write nodeLinker: node-modules into .yarnrc.yml, and run yarn install again";
  }
  if (!isThere('src') && !isThere('dist/cli/main.js')) {
    return 'this package has no dist/, so it was not made by npm run pack: make it anew with that command, in a checkout';
  }
  return null;
}
