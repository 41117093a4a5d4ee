import { configSource } from '../base/config/load-config.js';
import type { SerinConfig } from '../base/config/serin-config.js';
import { StartError } from '../base/errors/start-error.js';

/**
 * Refuses to change the models of the package, which nobody has named: they would be gone with its next version.
 * @throws StartError
 */
export function checkModelsToWrite(config: SerinConfig): void {
  if (!configSource(config).hasModelsOfPackage) return;
  throw new StartError(
    `There is no ./model-registry here, and the models of the package (${config.modelRegistry}) are only read: an update ` +
      'of the package would undo the change. Copy that folder to ./model-registry, make an empty ./model-registry, ' +
      'or name another folder with --model-registry.',
  );
}
