// Installs the packages and builds dist/ when that is needed, and only then. Plain JavaScript without
// dependencies, for it runs before there are any. Progress goes to stderr: stdout belongs to the command.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(ROOT, ...parts);
const STAMP = 'build-stamp';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const say = (sentence) => process.stderr.write(`serin: ${sentence}\n`);

/** A sentence for the user instead of a stack trace. */
export class PrepareError extends Error {
  /** A fault of ours, or 3 when it was interrupted, as with every command. */
  exitCode = 70;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Compares what package-lock.json wants with what npm says it has put in place (it writes the hidden file last),
 * by content: a checkout changes times without changing packages. Packages for development count when they are
 * needed; optional ones are those of other platforms.
 */
function needsInstall({ development }) {
  const wanted = readJson(at('package-lock.json'))?.packages ?? {};
  const present = readJson(at('node_modules', '.package-lock.json'))?.packages;
  if (!present) return true;
  return Object.entries(wanted).some(([path, { version, integrity, dev, optional, devOptional, peer }]) => {
    if (path === '' || optional || devOptional || peer || (dev && !development)) return false;
    return present[path]?.version !== version || present[path]?.integrity !== integrity;
  });
}

/** Hash of everything that dist/ is made from; unlike times it also notices a file that was deleted. */
function sourceHash() {
  const sources = readdirSync(at('src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const path of [...sources, at('tsconfig.json'), at('tsconfig.build.json'), at('package-lock.json')]) {
    hash
      .update(`${path.slice(ROOT.length)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}

function needsBuild() {
  try {
    return readFileSync(at('dist', STAMP), 'utf8') !== sourceHash();
  } catch {
    return true;
  }
}

/** Runs a program; a signal that asks for an end is passed on to it, because it would outlive this process. */
async function run(title, command, args) {
  say(`${title} ...`);
  const started = Date.now();
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  let interruption;
  const passOn = (signal) => {
    interruption = signal;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  const { status, signal, error } = await new Promise((resolve) => {
    child.on('error', (error) => resolve({ error }));
    child.on('exit', (status, signal) => resolve({ status, signal }));
  });
  for (const signal of SIGNALS) process.off(signal, passOn);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (interruption !== undefined) {
    const interrupted = new PrepareError(`${title} was interrupted by ${interruption} after ${seconds} s`);
    throw Object.assign(interrupted, { exitCode: 3 });
  }
  if (status !== 0) {
    const how = error?.message ?? (signal ? `ended by ${signal}` : `exit code ${status}`);
    throw new PrepareError(`${title} failed after ${seconds} s (${how}); what it said stands above`);
  }
  say(`${title} took ${seconds} s`);
}

/** Builds beside dist/ and swaps: a build that fails or is interrupted leaves the old one in place. */
async function build() {
  const [fresh, old] = [at('.dist-new'), at('.dist-old')];
  const hash = sourceHash();
  rmSync(fresh, { recursive: true, force: true });
  const compiler = at('node_modules', 'typescript', 'bin', 'tsc');
  await run('building', process.execPath, [compiler, '-p', at('tsconfig.build.json'), '--outDir', fresh]);
  writeFileSync(join(fresh, STAMP), hash);
  rmSync(old, { recursive: true, force: true });
  if (existsSync(at('dist'))) renameSync(at('dist'), old);
  renameSync(fresh, at('dist'));
  rmSync(old, { recursive: true, force: true });
}

/**
 * Makes node_modules/ and dist/ fit the sources. `development: true` wants the packages for tests too.
 * A tree without src/ (an image, an installed package) is taken as it is.
 */
export async function prepare({ development = false } = {}) {
  if (!existsSync(at('src'))) {
    if (existsSync(at('dist'))) return;
    throw new PrepareError(`${ROOT} has neither src/ nor dist/: nothing can be built or run here`);
  }
  const due = () => {
    const buildDue = needsBuild();
    return { buildDue, installDue: needsInstall({ development: development || buildDue }) };
  };
  const first = due();
  if (!first.buildDue && !first.installDue) return;
  await withLock(at('.prepare.lock'), say, async () => {
    // Asked again: whoever held the lock before may have done it.
    const { buildDue, installDue } = due();
    if (installDue)
      await run('installing packages (npm ci)', 'npm', ['ci', '--include=dev', '--loglevel=error']);
    if (buildDue) await build();
  });
}
