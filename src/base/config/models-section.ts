import type { ConfigFile } from './config-file.js';
import type { ConfigProblem } from './config-error.js';
import { reportTo } from './read-settings.js';
import type { RolloutSection } from './rollout-section.js';
import { didYouMean } from './suggest.js';
import { oneOf } from './value-types.js';

/** When the versions of a model are loaded: before the service is ready, or for the first request that needs them. */
export const LOAD_MOMENTS = ['start', 'first_use'] as const;

/** How a model is served. A model that the section does not name is loaded at the start. */
export interface ModelConfig {
  readonly load: (typeof LOAD_MOMENTS)[number];
}

const KEYS = ['load'];
const EXAMPLE = '{ moderation: { load: first_use } }';

const moment = oneOf(...LOAD_MOMENTS);

/** Reads `models`. Errors are added to `problems`, and the default is used instead. */
export function readModels(
  file: ConfigFile,
  { defaultModel, rollout }: RolloutSection,
  problems: ConfigProblem[],
): Readonly<Record<string, ModelConfig>> {
  const report = reportTo(file, problems);
  const models = Object.create(null) as Record<string, ModelConfig>;
  const section = file.entries.get('models') ?? undefined;
  if (section === undefined) return models;
  if (!(section instanceof Map)) {
    report('models', section, `allowed is a map of models, such as ${EXAMPLE}`);
    return models;
  }
  for (const [name, entry] of section as ReadonlyMap<unknown, unknown>) {
    const key = `models.${String(name)}`;
    if (!Object.hasOwn(rollout, String(name))) {
      const named = Object.keys(rollout).join(', ');
      report(
        key,
        undefined,
        `rollout names no version of this model that could be loaded (it names ${named})`,
      );
      continue;
    }
    if (!(entry instanceof Map)) {
      report(key, entry, 'allowed is a map such as { load: first_use }');
      continue;
    }
    for (const field of entry.keys()) {
      if (KEYS.includes(String(field))) continue;
      const hint = didYouMean(String(field), KEYS);
      report(`${key}.${String(field)}`, undefined, `unknown key.${hint} Allowed is ${KEYS.join(', ')}`);
    }
    const value: unknown = entry.get('load') ?? 'start';
    const reading = moment.fromFile(value);
    if (!('value' in reading)) report(`${key}.load`, value, reading.problem);
    else if (reading.value === 'first_use' && name === defaultModel)
      report(`${key}.load`, value, 'the service is ready when its default model is: allowed is start');
    else models[String(name)] = { load: reading.value };
  }
  return models;
}
