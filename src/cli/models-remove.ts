import type { SerinConfig } from '../base/config/serin-config.js';
import { removeVersion } from '../tools/import/remove-version.js';
import { parseVersionName } from '../registry/find-version.js';

/** `serin models remove`. @throws StartError when it is not confirmed, not there, or in use */
export async function removeModel(
  config: SerinConfig,
  argument: string,
  { yes }: { readonly yes?: true },
): Promise<void> {
  const name = parseVersionName(argument);
  const folder = await removeVersion(config, name, yes ?? false);
  process.stdout.write(`${argument} is removed: ${folder}\n`);
}
