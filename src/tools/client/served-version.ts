import { StartError } from '../../base/errors/start-error.js';
import type { ServedModel, ServedVersion } from './service-client.js';

/**
 * The model of a service.
 * @param name undefined: its default model
 * @throws StartError when the service has no such model
 */
export function findServedModel(models: readonly ServedModel[], name: string | undefined): ServedModel {
  const model = models.find(({ model_name: one, default: isDefault }) =>
    name === undefined ? isDefault : one === name,
  );
  if (model !== undefined) return model;
  const names = models.map((one) => one.model_name).join(', ');
  throw new StartError(`The service has no model ${name ?? 'by default'}; it has ${names}.`);
}

/**
 * A version that can answer.
 * @param name undefined: the stable one
 * @throws StartError when the service does not serve it, or it is not ready
 */
export function findServedVersion(model: ServedModel, name: string | undefined): ServedVersion {
  const served = model.versions.find(({ version, role }) =>
    name === undefined ? role === 'stable' : version === name,
  );
  if (served === undefined) {
    const names = model.versions.map(({ version }) => version).join(', ');
    throw new StartError(
      `The service has no ${name ?? 'stable'} version of ${model.model_name}; it has ${names}.`,
    );
  }
  if (served.state !== 'ready') {
    throw new StartError(
      `${model.model_name}/${served.version} is ${served.state} on the service, not ready: name another with --version.`,
    );
  }
  return served;
}
