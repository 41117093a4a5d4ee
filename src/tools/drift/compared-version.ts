import { findServedModel, findServedVersion } from '../client/served-version.js';
import type { ServedModel, ServedVersion } from '../client/service-client.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { findVersion, nameOf, type MissingVersion } from '../../registry/find-version.js';

/** One version, as the service serves it and as the registry of the file path has it. */
export interface ComparedVersion {
  readonly served: ServedVersion;
  readonly local: ModelVersion;
  /** Another version that clients may be answered by; null when there is none. It is not compared. */
  readonly canary: string | null;
}

/**
 * Which version is compared: the one asked for, else the service's stable one. It is named in every request, so that
 * a canary with a share of the traffic does not answer some of them.
 * @param choice undefined: the service's default model, its stable version
 * @throws StartError when the service does not serve it or the registry does not have it
 */
export function chooseVersion(
  models: readonly ServedModel[],
  registry: string,
  choice: { readonly model: string | undefined; readonly version: string | undefined },
): ComparedVersion {
  const model = findServedModel(models, choice.model);
  const served = findServedVersion(model, choice.version);
  const local = findVersion(registry, { model: model.model_name, version: served.version }, missingVersion);
  return { served, local, canary: canaryBeside(model, served) };
}

const missingVersion: MissingVersion = (name, _, registry) =>
  `The registry ${registry} has no ${nameOf(name)}, which the service serves: name another with --model-registry.`;

/** A version that takes, or could take, a share of the traffic beside the compared one. */
function canaryBeside(model: ServedModel, served: ServedVersion): string | null {
  const canary = model.versions.find(({ role, state }) => role === 'canary' && state === 'ready');
  return canary === undefined || canary === served ? null : canary.version;
}
