// One process at a time, across processes: a file that says who holds it.
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 200;
/** Longer than an install on a slow line and a build: an older lock of another machine was left behind. */
const LIMIT_MS = 20 * 60_000;

const me = JSON.stringify({ pid: process.pid, host: hostname() });

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The lock appears with its content, or not at all: a link is made from a file that is already written. */
function tryTake(path) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, me);
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

function isAbandoned(path, content) {
  try {
    const { pid, host } = JSON.parse(content);
    if (host !== hostname()) return Date.now() - statSync(path).mtimeMs > LIMIT_MS;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH' || error instanceof SyntaxError;
  }
}

/** Takes the abandoned lock away, unless somebody else did and already has a new one in its place. */
function removeAbandoned(path, content) {
  const aside = `${path}.${process.pid}.old`;
  try {
    renameSync(path, aside);
    if (read(aside) !== content) linkSync(aside, path);
  } catch {
    // Somebody else was faster.
  }
  rmSync(aside, { force: true });
}

/** Runs `work` while no other process runs its own under the same lock; `say` hears once that it has to wait. */
export async function withLock(path, say, work) {
  for (let waits = 0; !tryTake(path); waits++) {
    const holder = read(path);
    if (holder !== null && isAbandoned(path, holder)) removeAbandoned(path, holder);
    else {
      if (waits === 0) say('another start is installing or building; waiting for it ...');
      await delay(POLL_MS);
    }
  }
  try {
    await work();
  } finally {
    rmSync(path, { force: true });
  }
}
