import type { SerinConfig } from '../base/config/serin-config.js';
import { StartError } from '../base/errors/start-error.js';
import type { ModelVersion } from './model-version.js';
import { NAME_PATTERN, readRegistry, verifyVersion, type RegistryListing } from './registry-files.js';

export interface VersionName {
  readonly model: string;
  readonly version: string;
}

/** `model/version`. */
export const nameOf = ({ model, version }: VersionName): string => `${model}/${version}`;

/**
 * Parses `model/version`; the version need not exist yet.
 * @throws StartError that describes the allowed names
 */
export function parseVersionName(name: string): VersionName {
  const [model = '', version = '', ...rest] = name.split('/');
  if (rest.length === 0 && NAME_PATTERN.test(model) && NAME_PATTERN.test(version)) return { model, version };
  throw new StartError(
    `${JSON.stringify(name)} is not model/version, such as sentiment/v3: each is 1 to 64 letters, digits, dots, hyphens and underscores, a letter or digit first.`,
  );
}

/** Builds the sentence about a version that does not exist. */
export type MissingVersion = (name: VersionName, listing: RegistryListing, registry: string) => string;

const listAll: MissingVersion = (name, listing) => {
  const known = [...listing].flatMap(([model, versions]) =>
    versions.map((found) => nameOf({ model, version: found.name })),
  );
  return `The registry has no ${nameOf(name)}; it has ${known.join(', ')}.`;
};

/**
 * Finds the version of this name; reads only its manifest.
 * @throws StartError when the registry has no such version, or its manifest cannot be used
 */
export function findVersion(
  registry: string,
  name: VersionName,
  missing: MissingVersion = listAll,
): ModelVersion {
  const listing = readRegistry(registry);
  const found = listing.get(name.model)?.find((one) => one.name === name.version);
  if (found === undefined) throw new StartError(missing(name, listing, registry));
  if (found.version === null) throw new StartError(`${nameOf(name)} cannot be used: ${found.reason}.`);
  return found.version;
}

/**
 * As {@link findVersion}, for a name that a user has typed.
 * @param name `model/version`
 * @throws StartError also when the name does not have this form
 */
export function findNamedVersion(registry: string, name: string): ModelVersion {
  const [model = '', version, ...more] = name.split('/');
  if (version === undefined || more.length > 0) {
    throw new StartError(`${JSON.stringify(name)} names no version: write model/version, e.g. sentiment/v2.`);
  }
  return findVersion(registry, { model, version });
}

/** The version of a model that the configuration names as stable; undefined when it names none. */
export function configuredStable(
  { rollout }: Pick<SerinConfig, 'rollout'>,
  model: string,
): string | undefined {
  return Object.hasOwn(rollout, model) ? rollout[model]?.stable : undefined;
}

/**
 * Finds the version chosen by the flags --model and --version, and checks that all its files match its manifest.
 * @param version undefined for the configuration's stable version
 * @throws StartError when there is no such version, or a file does not match the manifest
 */
export async function chooseWholeVersion(
  config: Pick<SerinConfig, 'modelRegistry' | 'rollout'>,
  model: string,
  version: string | undefined,
  missing?: MissingVersion,
): Promise<ModelVersion> {
  const chosen = version ?? configuredStable(config, model);
  if (chosen === undefined) {
    throw new StartError(
      readRegistry(config.modelRegistry).has(model)
        ? `The configuration names no stable version of ${model}; name one with --version.`
        : `The registry has no model ${JSON.stringify(model)}, and the configuration names no stable version of ${model}.`,
    );
  }
  const found = findVersion(config.modelRegistry, { model, version: chosen }, missing);
  await checkWhole(found);
  return found;
}

/**
 * Checks a version that is to run in a worker process.
 * @throws StartError when it has a pipeline instead of a network, or when a file does not match its manifest
 */
export async function checkWhole(version: ModelVersion): Promise<void> {
  const { pipeline } = version.manifest;
  if (pipeline !== undefined) {
    throw new StartError(
      `${nameOf(version)} cannot be used: it has the pipeline ${pipeline} in place of a network, and only the service runs pipelines.`,
    );
  }
  const problems = await verifyVersion(version);
  if (problems.length > 0) {
    throw new StartError(`${nameOf(version)} cannot be used: ${problems.join('; ')}.`);
  }
}
