import { StartError } from '../../base/errors/start-error.js';
import { NAME_PATTERN } from '../../registry/registry-files.js';

export interface VersionName {
  readonly model: string;
  readonly version: string;
}

/**
 * Reads `model/version`.
 * @throws StartError that says what names may be
 */
export function parseVersionName(name: string): VersionName {
  const [model = '', version = '', ...rest] = name.split('/');
  if (rest.length === 0 && NAME_PATTERN.test(model) && NAME_PATTERN.test(version)) return { model, version };
  throw new StartError(
    `${JSON.stringify(name)} is not model/version, such as sentiment/v3: each is 1 to 64 letters, digits, dots, hyphens and underscores, a letter or digit first.`,
  );
}
