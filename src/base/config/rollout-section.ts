import type { ConfigFile } from './config-file.js';
import type { ConfigProblem } from './config-error.js';
import { shown } from './read-settings.js';
import { plainRollout, type RolloutConfig } from './rollout-config.js';
import { folderName, readRolloutEntry } from './rollout-entry.js';

/** Which versions of which models take the traffic. */
export interface RolloutSection {
  readonly defaultModel: string;
  readonly rollout: Readonly<Record<string, RolloutConfig>>;
}

/** What serves when the file says nothing: the model and the split that the repository ships. */
const SHIPPED: RolloutSection = {
  defaultModel: 'sentiment',
  rollout: { sentiment: plainRollout('v1', 'v2') },
};

/** Reads `default_model` and `rollout`; what is wrong goes to `problems`, and the shipped value stands in. */
export function readRolloutSection(file: ConfigFile, problems: ConfigProblem[]): RolloutSection {
  const report = (key: string, value: unknown, message: string): void => {
    problems.push({ key, source: file.name, value: value === undefined ? null : shown(value), message });
  };

  const readName = (key: string, value: unknown): string | null => {
    const reading = folderName.fromFile(value);
    if ('value' in reading) return reading.value;
    report(key, value, reading.problem);
    return null;
  };

  const readRollout = (section: unknown): Readonly<Record<string, RolloutConfig>> | null => {
    if (!(section instanceof Map)) {
      report('rollout', section, 'allowed is a map of models, such as { sentiment: { stable: v1 } }');
      return null;
    }
    const rollout = Object.create(null) as Record<string, RolloutConfig>;
    let whole = true;
    for (const [key, entry] of section) {
      const model = readName('rollout', key);
      const split = model === null ? null : readRolloutEntry(`rollout.${model}`, entry, report);
      if (model === null || split === null) whole = false;
      else rollout[model] = split;
    }
    return whole ? rollout : null;
  };

  const modelValue = file.entries.get('default_model') ?? undefined;
  const sectionValue = file.entries.get('rollout') ?? undefined;
  const defaultModel =
    modelValue === undefined ? SHIPPED.defaultModel : readName('default_model', modelValue);
  const rollout = sectionValue === undefined ? SHIPPED.rollout : readRollout(sectionValue);
  if (defaultModel === null || rollout === null) return SHIPPED;
  if (!Object.hasOwn(rollout, defaultModel)) {
    const named = Object.keys(rollout).join(', ') || 'no model';
    report(
      'default_model',
      defaultModel,
      `rollout does not say which of its versions answers (it names ${named})`,
    );
    return SHIPPED;
  }
  return { defaultModel, rollout };
}
