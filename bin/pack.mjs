// `npm run pack [folder]`: builds, and packs what an installed Serin needs. It is no prepack script, for npm runs none where
// ignore-scripts is set, as here. The package is put together in a folder of its own, so that npm-shrinkwrap.json, which
// npm would take for the lock file, never lies in the checkout.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrepareError, prepare } from './prepare.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SHRINKWRAP = 'npm-shrinkwrap.json';
/** What `files` of package.json does not name: npm pack alone would pack a build that may be old. */
const MADE_HERE = ['dist', SHRINKWRAP];

const readJson = (name) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
const jsonText = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** package.json without what only a checkout can use. */
function packageOf(description) {
  const files = [...description.files, ...MADE_HERE, '!dist/**/*.map'];
  return jsonText({ ...description, files, scripts: undefined, devDependencies: undefined });
}

/**
 * package-lock.json without packages for development. npm installs these versions with the package; pnpm and Yarn know no
 * such file.
 */
function shrinkwrapOf({ packages, ...rest }) {
  const runs = Object.entries(packages).filter(([, { dev, devOptional }]) => !dev && !devOptional);
  const own = { ...packages[''], devDependencies: undefined };
  return jsonText({ ...rest, packages: { ...Object.fromEntries(runs), '': own } });
}

function pack(target) {
  const stage = mkdtempSync(join(tmpdir(), 'serin-pack-'));
  try {
    const description = readJson('package.json');
    for (const path of [...description.files, 'dist', 'README.md', 'LICENSE']) {
      cpSync(join(ROOT, path), join(stage, path), { recursive: true });
    }
    writeFileSync(join(stage, 'package.json'), packageOf(description));
    writeFileSync(join(stage, SHRINKWRAP), shrinkwrapOf(readJson('package-lock.json')));
    mkdirSync(target, { recursive: true });
    const args = ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', target];
    const { status, error } = spawnSync('npm', args, { cwd: stage, stdio: ['ignore', 'pipe', 2] });
    if (status !== 0) throw new PrepareError(`npm pack failed (${error?.message ?? `exit code ${status}`})`);
    return join(target, `${description.name}-${description.version}.tgz`);
  } finally {
    rmSync(stage, { recursive: true });
  }
}

try {
  await prepare({ development: true });
  process.stdout.write(`${pack(resolve(process.argv[2] ?? '.'))}\n`);
} catch (error) {
  if (!(error instanceof PrepareError)) throw error;
  process.stderr.write(`serin: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
