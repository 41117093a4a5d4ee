import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SerinConfig } from '../../base/config/serin-config.js';
import { StartError } from '../../base/errors/start-error.js';
import { checkUnused } from '../measure/version-in-use.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { checkWhole, findNamedVersion } from '../../registry/find-version.js';
import { NAME_PATTERN } from '../../registry/registry-files.js';

/** Where versions lie, and who counts on them. */
export type TargetConfig = Pick<SerinConfig, 'modelRegistry' | 'rollout' | 'stateDir'>;

export interface SourceAndTarget {
  readonly source: ModelVersion;
  /** Folder of the model, which the versions lie in. */
  readonly modelFolder: string;
}

/**
 * The version to quantise, with every file as its manifest says, and whether the new one may be written.
 * @param name `model/version`
 * @throws StartError when the source is missing, not whole or int8 already, or the target is there and not to be
 * replaced, or is what the configuration or a rollout counts on
 */
export async function chooseSource(
  config: TargetConfig,
  name: string,
  target: string,
  force: boolean,
): Promise<SourceAndTarget> {
  const source = findNamedVersion(config.modelRegistry, name);
  if (!NAME_PATTERN.test(target)) {
    throw new StartError(
      `--to is ${JSON.stringify(target)}: allowed are letters, digits, dots, dashes and underscores, e.g. v2.`,
    );
  }
  if (target === source.version) throw new StartError(`--to ${target} is the version that is quantised.`);
  const modelFolder = dirname(source.folder);
  if (existsSync(join(modelFolder, target))) {
    await checkUnused(config, { model: source.model, version: target }, 'replaced');
    if (!force) {
      throw new StartError(
        `${source.model}/${target} is there already: name another with --to, or replace it with --force.`,
      );
    }
  }
  if (source.manifest.precision.includes('int8')) {
    const from = originOf(source);
    throw new StartError(`${name} is int8 already; quantise the version that it was made from${from}.`);
  }
  await checkWhole(source);
  return { source, modelFolder };
}

function originOf({ model, manifest }: ModelVersion): string {
  const origin = manifest.source?.quantized_from;
  const isNamed = typeof origin === 'object' && origin !== null && 'version' in origin;
  return isNamed ? `, ${model}/${String(origin.version)}` : '';
}
