import { rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SerinConfig } from '../../base/config/serin-config.js';
import { StartError } from '../../base/errors/start-error.js';
import { halfMadeNames, sweepHalfMade } from '../../registry/half-made.js';
import type { VersionName } from '../../registry/find-version.js';
import { checkUnused } from '../measure/version-in-use.js';

/**
 * Deletes a version that nothing counts on. It loses its name first, so that no reader finds half of it.
 * @returns the folder that is gone
 * @throws StartError when there is no such version, it is in use, or the removal was not confirmed
 */
export async function removeVersion(
  config: Pick<SerinConfig, 'modelRegistry' | 'rollout' | 'stateDir'>,
  name: VersionName,
  confirmed: boolean,
  say: (sentence: string) => void,
): Promise<string> {
  const parent = join(config.modelRegistry, name.model);
  const folder = join(parent, name.version);
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() !== true) {
    throw new StartError(`The registry ${config.modelRegistry} has no ${name.model}/${name.version}.`);
  }
  await checkUnused(config, name, 'removed');
  if (!confirmed) throw new StartError(`${folder} would be deleted for good: say so with --yes.`);
  const nameless = join(parent, halfMadeNames.removed(name.version));
  await sweepHalfMade(config.modelRegistry, say);
  await rename(folder, nameless);
  await rm(nameless, { recursive: true, force: true });
  // The last version takes the model's own folder along; another one is still in it otherwise.
  await rmdir(parent).catch(() => undefined);
  return folder;
}
