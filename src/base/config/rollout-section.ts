import type { ConfigFile } from './config-file.js';
import type { ConfigProblem } from './config-error.js';
import { type Report, reportTo } from './read-settings.js';
import {
  plainRollout,
  type RolloutConfig,
  DEFAULT_COMPARISON,
  DEFAULT_GATES,
  DEFAULT_STEPS,
  ROLLOUT_MODES,
  type ComparisonConfig,
  type GateSettings,
  type RolloutStep,
} from './rollout-config.js';
import { duration, decimal, oneOf, text, wholeNumber, type ValueType } from './value-types.js';
import { didYouMean } from './suggest.js';

/** Which versions of which models take the traffic. */
export interface RolloutSection {
  readonly defaultModel: string;
  readonly rollout: Readonly<Record<string, RolloutConfig>>;
}

/** The default when the file has no rollout section: the model and the split that the repository contains. */
const SHIPPED: RolloutSection = {
  defaultModel: 'sentiment',
  rollout: { sentiment: plainRollout('v1', 'v2') },
};

/** Reads `default_model` and `rollout`. Errors are added to `problems`, and the default is used instead. */
export function readRolloutSection(file: ConfigFile, problems: ConfigProblem[]): RolloutSection {
  const report = reportTo(file, problems);

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

const folderName = text(
  'the name of a folder of the registry: 1 to 64 of A-Z a-z 0-9 . _ -, starting with a letter or digit (quote a number: "1")',
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
);

const KEYS = ['stable', 'canary', 'percent', 'mode', 'steps', 'comparison', 'gates'];
const STEP_KEYS = ['percent', 'hold', 'hold_ms'];
const MAX_STEPS = 50;
const WEEK_MS = 7 * 24 * 3_600_000;

const share = decimal(0, 100);
const fraction = decimal(0, 1);
const holdMs = wholeNumber(1, WEEK_MS);
const hold = duration(1, WEEK_MS);
const mode = oneOf(...ROLLOUT_MODES);

/** For each member of a map of figures: its key in the file, and its type. */
type Fields<T> = { readonly [K in keyof T]: { readonly key: string; readonly type: ValueType<T[K]> } };

const COMPARISON: Fields<ComparisonConfig> = {
  samplePercent: { key: 'sample_percent', type: share },
  budgetPercent: { key: 'budget_percent', type: share },
};

/** The limit of a gate, or the word `off`. */
const orOff = (type: ValueType<number>): ValueType<number | null> => ({
  allowed: `${type.allowed}, or off`,
  fromText: (value) => (value === 'off' ? { value: null } : type.fromText(value)),
  fromFile: (value) => {
    if (value === 'off') return { value: null };
    const reading = type.fromFile(value);
    return 'value' in reading ? reading : { problem: `${reading.problem}, or off` };
  },
});

const GATES: Fields<GateSettings> = {
  minimumSamples: { key: 'minimum_samples', type: wholeNumber(1, 10_000_000) },
  disagreement: { key: 'disagreement', type: orOff(fraction) },
  errorRateIncrease: { key: 'error_rate_increase', type: orOff(fraction) },
  latencyRatio: { key: 'latency_ratio', type: orOff(decimal(0.1, 100)) },
  labelShareShift: { key: 'label_share_shift', type: orOff(fraction) },
  feedbackAccuracyDrop: { key: 'feedback_accuracy_drop', type: orOff(fraction) },
  kpiDrop: { key: 'kpi_drop', type: orOff(decimal(0, 1e12)) },
  alpha: { key: 'alpha', type: decimal(0.000001, 0.5) },
};

/** The split has a resolution of hundredths of a percent; a finer share would be rounded without telling the user. */
const isHundredths = (percent: number): boolean => Math.abs(percent * 100 - Math.round(percent * 100)) < 1e-6;

/** Reads the keys of one model's rollout, and reports errors in them. */
class EntryReader {
  sound = true;

  constructor(
    private readonly entry: ReadonlyMap<unknown, unknown>,
    private readonly key: string,
    private readonly report: Report,
  ) {}

  problem(key: string, value: unknown, message: string): void {
    this.sound = false;
    this.report(`${this.key}.${key}`, value, message);
  }

  refuseOthers(allowed: readonly string[]): void {
    for (const name of this.entry.keys()) {
      if (allowed.includes(String(name))) continue;
      const hint = didYouMean(String(name), allowed);
      this.problem(String(name), undefined, `unknown key.${hint} Allowed are ${allowed.join(', ')}`);
    }
  }

  has(key: string): boolean {
    return (this.entry.get(key) ?? null) !== null;
  }

  /** The value, or undefined when it is absent or wrong. */
  read<T>(key: string, type: ValueType<T>): T | undefined {
    if (!this.has(key)) return undefined;
    const value = this.entry.get(key);
    const reading = type.fromFile(value);
    if ('value' in reading) return reading.value;
    this.problem(key, value, reading.problem);
    return undefined;
  }

  /**
   * A share in hundredths of a percent. An empty value is an error and not 0, because the user certainly meant a
   * number.
   */
  percent(): number | undefined {
    if (this.entry.has('percent') && !this.has('percent')) {
      this.problem('percent', undefined, `is empty: allowed is ${share.allowed}`);
      return undefined;
    }
    const percent = this.read('percent', share);
    if (percent === undefined || isHundredths(percent)) return percent;
    this.problem('percent', percent, 'hundredths are the finest share: allowed is for example 0.25');
    return undefined;
  }

  /** A map of figures; missing keys take their value from `preset`. */
  figures<T extends object>(name: string, fields: Fields<T>, preset: T): T {
    if (!this.has(name)) return preset;
    const value = this.entry.get(name);
    const rows = Object.entries(fields) as [keyof T, Fields<T>[keyof T]][];
    if (!(value instanceof Map)) {
      const example = rows.map(([field, { key }]) => `${key}: ${String(preset[field] ?? 'off')}`).join(', ');
      this.problem(name, value, `allowed is a map such as { ${example} }`);
      return preset;
    }
    const inner = new EntryReader(value, `${this.key}.${name}`, this.report);
    inner.refuseOthers(rows.map(([, { key }]) => key));
    const given = rows.map(([field, { key, type }]): [keyof T, unknown] => {
      const figure = inner.read(key, type);
      return [field, figure === undefined ? preset[field] : figure];
    });
    this.sound &&= inner.sound;
    return Object.fromEntries(given) as T;
  }

  steps(): readonly RolloutStep[] {
    if (!this.has('steps')) return DEFAULT_STEPS;
    const value = this.entry.get('steps');
    if (!Array.isArray(value) || value.length === 0 || value.length > MAX_STEPS) {
      const allowed = `a list of 1 to ${String(MAX_STEPS)} steps such as { percent: 5, hold: 30m }`;
      this.problem('steps', value, `allowed is ${allowed}`);
      return DEFAULT_STEPS;
    }
    const steps = value.map((step: unknown, i) => this.step(`steps.${String(i)}`, step));
    steps.forEach((step, i) => {
      const before = steps[i - 1];
      if (step === undefined || before === undefined || step.percent > before.percent) return;
      const message = `must rise from step to step; the one before is ${String(before.percent)}`;
      this.problem(`steps.${String(i)}.percent`, step.percent, message);
    });
    return steps.filter((step) => step !== undefined);
  }

  private step(key: string, value: unknown): RolloutStep | undefined {
    if (!(value instanceof Map)) {
      this.problem(key, value, 'allowed is a map such as { percent: 5, hold: 30m }');
      return undefined;
    }
    const step = new EntryReader(value, `${this.key}.${key}`, this.report);
    step.refuseOthers(STEP_KEYS);
    const percent = step.percent();
    if (percent === 0) step.problem('percent', 0, 'a step above 0 is wanted; leave it out to start later');
    else if (!value.has('percent')) step.problem('percent', undefined, 'is missing: 0.01 to 100');
    if (step.has('hold') && step.has('hold_ms'))
      step.problem('hold_ms', value.get('hold_ms'), 'is said by hold too: allowed is one of them');
    const given = step.read('hold', hold) ?? step.read('hold_ms', holdMs);
    this.sound &&= step.sound;
    const preset = DEFAULT_STEPS[0]?.holdMs ?? 0;
    return percent === undefined ? undefined : { percent, holdMs: given ?? preset };
  }
}

/** Reads the rollout of one model; null when it has errors, which are then passed to `report`. */
function readRolloutEntry(key: string, entry: unknown, report: Report): RolloutConfig | null {
  if (!(entry instanceof Map)) {
    report(key, entry, 'allowed is a map such as { stable: v1, canary: v2, percent: 0 }');
    return null;
  }
  const reader = new EntryReader(entry, key, report);
  reader.refuseOthers(KEYS);
  if (!reader.has('stable')) reader.problem('stable', undefined, 'is missing: name the version that answers');
  const stable = reader.read('stable', folderName);
  const canary = reader.read('canary', folderName) ?? null;
  if (stable !== undefined && canary === stable)
    reader.problem('canary', canary, 'is the stable version too: allowed is another one, or none');
  const steps = reader.steps();
  const chosenMode = reader.read('mode', mode) ?? (reader.has('steps') ? 'auto' : 'manual');
  const preset = chosenMode === 'auto' && canary !== null ? (steps[0]?.percent ?? 0) : 0;
  const percent = entry.has('percent') ? reader.percent() : preset;
  if (percent !== undefined && percent > 0 && !reader.has('canary')) {
    const message = `there is no ${key}.canary that could take it: name one, or set 0`;
    reader.problem('percent', percent, message);
  }
  if (percent !== undefined && percent > 0 && chosenMode === 'shadow') {
    const message = 'in shadow mode users get the stable answer only: allowed is 0, or another mode';
    reader.problem('percent', percent, message);
  }
  const comparison = reader.figures('comparison', COMPARISON, DEFAULT_COMPARISON);
  const gates = reader.figures('gates', GATES, DEFAULT_GATES);
  if (!reader.sound || stable === undefined || percent === undefined) return null;
  return { stable, canary, percent, mode: chosenMode, steps, comparison, gates };
}
