// Installs the packages and builds dist/ when that is needed, and only then. Plain JavaScript without
// dependencies, for it runs before there are any. Progress goes to stderr: stdout belongs to the command.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';
import { Progress } from './progress.mjs';
import { refusal } from './refusal.mjs';

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
 * The packages of package-lock.json by path. Those for development count when they are needed; optional ones are those of
 * other platforms.
 */
function wantedPackages({ development }) {
  const all = Object.entries(readJson(at('package-lock.json'))?.packages ?? {});
  return all.filter(
    ([path, { dev, optional, devOptional, peer }]) =>
      path !== '' && !(optional || devOptional || peer || (dev && !development)),
  );
}

/** The files by which pnpm and Yarn know a node_modules/ that they have made. */
const OTHER_MANAGERS = { '.modules.yaml': 'pnpm', '.yarn-state.yml': 'yarn', '.yarn-integrity': 'yarn' };

/**
 * Compares what package-lock.json wants with what npm says it has put in place (it writes the hidden file last),
 * by content: a checkout changes times without changing packages. What another package manager has put in place is its
 * own: npm would remove all of it.
 * @throws PrepareError when another manager's packages do not fit package.json, which names exact versions
 */
function needsInstall({ development }) {
  const present = readJson(at('node_modules', '.package-lock.json'))?.packages;
  if (present) {
    return wantedPackages({ development }).some(
      ([path, { version, integrity }]) =>
        present[path]?.version !== version || present[path]?.integrity !== integrity,
    );
  }
  const left = Object.keys(OTHER_MANAGERS).find((file) => existsSync(at('node_modules', file)));
  if (left === undefined) return true;
  const { dependencies, devDependencies } = readJson(at('package.json')) ?? {};
  const unfit = Object.entries({ ...dependencies, ...(development && devDependencies) }).flatMap(
    ([name, version]) =>
      readJson(at('node_modules', name, 'package.json'))?.version === version ? [] : [`${name} ${version}`],
  );
  if (unfit.length === 0) return false;
  const manager = OTHER_MANAGERS[left];
  throw new PrepareError(
    `node_modules/ was made by ${manager} and lacks ${unfit.join(', ')}: run ${manager} install`,
  );
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

/**
 * Runs a command, and says every few seconds how far it is, in the words of `state`. A signal that asks for an end is
 * passed on to the command, because it would outlive this process.
 */
async function run(title, command, args, state = () => '') {
  say(`${title} ...`);
  const progress = new Progress(title, state);
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
  const failure = await new Promise((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('close', (status, signal) =>
      resolve(status === 0 ? null : signal === null ? `exit code ${status}` : `ended by ${signal}`),
    );
  });
  for (const signal of SIGNALS) process.off(signal, passOn);
  const seconds = progress.end().toFixed(1);
  if (interruption !== undefined) {
    const interrupted = new PrepareError(`${title} was interrupted by ${interruption} after ${seconds} s`);
    throw Object.assign(interrupted, { exitCode: 3 });
  }
  if (failure !== null) {
    throw new PrepareError(`${title} failed after ${seconds} s (${failure}); what it said stands above`);
  }
  say(`${title} took ${seconds} s`);
}

/** npm shows nothing but a spinner, and that on a terminal only: the packages that are in place are counted instead. */
async function install() {
  const paths = wantedPackages({ development: true }).map(([path]) => path);
  const inPlace = () => paths.filter((path) => existsSync(at(path, 'package.json'))).length;
  const args = ['ci', '--include=dev', '--loglevel=error', '--no-progress'];
  await run('installing packages (npm ci)', 'npm', args, () => `${inPlace()} of ${paths.length}, `);
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
 * Makes node_modules/ and dist/ of a checkout fit its sources. `development: true` wants the packages for tests too.
 * @throws PrepareError
 */
export async function prepare({ development = false } = {}) {
  const reason =
    refusal() ?? (existsSync(at('src')) ? null : `${ROOT} has no src/: there is nothing to build`);
  if (reason !== null) throw new PrepareError(reason);
  const due = () => {
    const buildDue = needsBuild();
    return { buildDue, installDue: needsInstall({ development: development || buildDue }) };
  };
  const first = due();
  if (!first.buildDue && !first.installDue) return;
  await withLock(at('.prepare.lock'), say, async () => {
    // Asked again: whoever held the lock before may have done it.
    const { buildDue, installDue } = due();
    if (installDue) await install();
    if (buildDue) await build();
  });
}
