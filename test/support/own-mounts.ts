import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-command.js';

/** Ways to a mount namespace of one's own: as root, as anybody where the system allows it, and with sudo. */
const WAYS = [
  ['unshare', '--mount'],
  ['unshare', '--user', '--map-root-user', '--mount'],
  ['sudo', '-n', 'unshare', '--mount'],
];

/**
 * Finds out how a script can be run that mounts a file system which nobody else sees, and which is gone when it ends.
 * @returns the words before `sh -c …`; null where this user may not mount
 */
export async function ownMounts(): Promise<readonly string[] | null> {
  const folder = mkdtempSync(join(tmpdir(), 'serin-mount-'));
  try {
    for (const way of WAYS) {
      const probe = ['sh', '-c', 'mount -t tmpfs -o size=64k none "$1"', 'sh', folder];
      const { code } = await runCommand('env', [...way, ...probe], { cwd: folder });
      if (code === 0) return way;
    }
    return null;
  } finally {
    rmdirSync(folder);
  }
}
