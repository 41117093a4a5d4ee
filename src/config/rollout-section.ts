import type { ConfigFile } from './config-file.js';
import type { ConfigProblem } from './config-error.js';
import { shown } from './read-settings.js';
import type { RolloutConfig } from './serin-config.js';
import { didYouMean } from './suggest.js';
import { decimal, text } from './value-types.js';

/** Which versions of which models take the traffic. */
export interface RolloutSection {
  readonly defaultModel: string;
  readonly rollout: Readonly<Record<string, RolloutConfig>>;
}

const KEYS = ['stable', 'canary', 'percent'];
const folderName = text(
  'the name of a folder of the registry: 1 to 64 of A-Z a-z 0-9 . _ -, starting with a letter or digit (quote a number: "1")',
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
);
const percentType = decimal(0, 100);

/** What serves when the file says nothing: the model and the split that the repository ships. */
const SHIPPED: RolloutSection = {
  defaultModel: 'sentiment',
  rollout: { sentiment: { stable: 'v1', canary: 'v2', percent: 0 } },
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

  const readEntry = (key: string, entry: unknown): RolloutConfig | null => {
    if (!(entry instanceof Map)) {
      report(key, entry, 'allowed is a map such as { stable: v1, canary: v2, percent: 0 }');
      return null;
    }
    for (const name of entry.keys()) {
      if (!KEYS.includes(String(name))) {
        report(
          `${key}.${String(name)}`,
          undefined,
          `unknown key.${didYouMean(String(name), KEYS)} Allowed are ${KEYS.join(', ')}`,
        );
      }
    }
    const stableValue: unknown = entry.get('stable');
    if (stableValue === undefined || stableValue === null) {
      report(`${key}.stable`, undefined, 'is missing: name the version that answers');
      return null;
    }
    const stable = readName(`${key}.stable`, stableValue);
    const canaryValue: unknown = entry.get('canary') ?? null;
    const canary = canaryValue === null ? null : readName(`${key}.canary`, canaryValue);
    const percentValue: unknown = entry.get('percent') ?? 0;
    const percent = percentType.fromFile(percentValue);
    if ('problem' in percent) report(`${key}.percent`, percentValue, percent.problem);
    if (stable === null || 'problem' in percent) return null;
    if (canary === stable)
      report(`${key}.canary`, canary, 'is the stable version too: allowed is another one, or none');
    if (canaryValue === null && percent.value > 0) {
      report(
        `${key}.percent`,
        percent.value,
        `there is no ${key}.canary that could take it: name one, or set 0`,
      );
    }
    return { stable, canary, percent: percent.value };
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
      const split = model === null ? null : readEntry(`rollout.${model}`, entry);
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
