import { accessSync, constants, existsSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRolloutDocument } from '../../rollout/rollout-document.js';
import { readSealed } from '../../base/files/sealed-file.js';
import { lockHolder } from '../../base/files/output-lock.js';
import { fail, note, ok, warn, type Finding } from './finding.js';

/** A rollout's state is a few kilobytes; below this a log or a batch has the disk full within minutes. */
const FREE_BYTES_WANTED = 100e6;

/** Checks the content of STATE_DIR and the free space. Writes nothing. */
export async function checkState(stateDir: string): Promise<Finding[]> {
  const folder = join(stateDir, 'rollout');
  return [...checkFolder(stateDir), ...checkLock(folder), ...(await checkFiles(folder))];
}

function checkFolder(stateDir: string): Finding[] {
  let existing = stateDir;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
    if (!existsSync(join(existing, '.'))) throw Object.assign(new Error(), { code: 'ENOTDIR' });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const todo = 'make STATE_DIR a folder that this user may write: without it no rollout survives a restart';
    return [fail('state', `${existing} cannot be written (${code})`, todo)];
  }
  const { bavail, bsize } = statfsSync(existing);
  const free = `${(Math.floor((bavail * bsize) / 1e8) / 10).toFixed(1)} GB free`;
  if (bavail * bsize < FREE_BYTES_WANTED) {
    return [fail('state', `${stateDir}: ${free}`, `free ${FREE_BYTES_WANTED / 1e6} MB at least`)];
  }
  const missing = existing === stateDir ? '' : ', to be made at the first start';
  return [ok('state', `${stateDir} can be written${missing}, ${free}`)];
}

function checkLock(folder: string): Finding[] {
  const pid = lockHolder(join(folder, '.lock'));
  if (pid === null) return [];
  const todo = 'give a second service a STATE_DIR of its own, or set REDIS_URL for both';
  return [note('state', `process ${pid} holds STATE_DIR: another one would follow its rollouts`, todo)];
}

async function checkFiles(folder: string): Promise<Finding[]> {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const findings: Finding[] = [];
  let sound = 0;
  for (const name of names.filter((file) => file.endsWith('.json')).sort()) {
    const problem = await problemOf(folder, name);
    if (problem === null) sound++;
    else findings.push(problem);
  }
  const aside = names.filter((name) => name.includes('.json.torn-'));
  if (aside.length > 0) {
    const todo = 'look at them, then delete them';
    findings.push(note('state', `set aside because they were torn: ${aside.join(', ')}`, todo));
  }
  if (sound > 0) findings.push(ok('state', `${sound} files of rollouts match their checksums`));
  return findings;
}

async function problemOf(folder: string, name: string): Promise<Finding | null> {
  const path = join(folder, name);
  const reading = await readSealed(path);
  if (reading.kind === 'absent') return null;
  if (name.endsWith('.evidence.json')) {
    if (reading.kind === 'content') return null;
    return warn(
      'state',
      `${path}: ${reading.reason}`,
      'nothing, or delete it: the evidence of its rollout begins anew',
    );
  }
  const todo =
    'restore it, or delete it and set the rollout again: the service would begin as the configuration says';
  if (reading.kind === 'torn') return fail('state', `${path}: ${reading.reason}`, todo);
  if (isRolloutDocument(reading.content, name.replace(/\.json$/, ''))) return null;
  return fail('state', `${path}: this release does not know its form`, todo);
}
