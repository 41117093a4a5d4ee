import { isJsonObject } from '../../base/json-object.js';
import { TASK_TRAITS, type TaskName } from '../../registry/tasks.js';
import { labelIndex, type LabelValue } from './label-values.js';
import { countOutcomes, meanF1, outcomesOf } from './label-outcomes.js';
import type { LabelPlaces } from './labelled-rows.js';

/** What a row says of its text: labels, a sentence about what is wrong, or labels that the model has not. */
export type Reading<Label> =
  { readonly label: Label } | { readonly problem: string } | { readonly foreign: readonly LabelValue[] };

/** How the labels of texts are given, and which of them can be measured by. */
export interface LabelForm<Label> {
  readonly places: LabelPlaces;
  /** @param field the name of the field, for a sentence about it */
  read(value: unknown, field: string): Reading<Label>;
  /** Why figures about these texts would mean nothing; null when they do. */
  uselessness(items: readonly Label[]): string | null;
  readonly contradict: (a: Label, b: Label) => boolean;
  readonly merit: Merit<Label>;
}

/** The share, 0 to 1, by which versions are judged. */
export interface Merit<Label> {
  readonly name: 'accuracy' | 'macro-F1';
  /** @param said per text the indices of the labels that it gets; null: it has no answer */
  of(labels: readonly Label[], said: readonly (readonly number[] | null)[]): number;
}

const isLabelValue = (value: unknown): value is LabelValue =>
  typeof value === 'string' || typeof value === 'number';

/** Exactly one label per text: its index. */
export function oneLabel(labels: readonly string[]): LabelForm<number> {
  return {
    places: { otherField: null, ownFields: [] },
    read(value, field) {
      if (!isLabelValue(value)) return { problem: `${field} must be a label's name or its index.` };
      const label = labelIndex(value, labels);
      return label === null ? { foreign: [value] } : { label };
    },
    uselessness(items) {
      const [first] = items;
      if (first === undefined || items.some((label) => label !== first)) return null;
      const name = JSON.stringify(labels[first]);
      return `all ${items.length} texts have the label ${name}; accuracy means something only with two or more`;
    },
    contradict: (a, b) => a !== b,
    merit: {
      name: 'accuracy',
      of: (items, said) => items.filter((label, i) => said[i]?.[0] === label).length / items.length,
    },
  };
}

/** Per label of the model: whether a text has it; null where the data do not say. */
export type LabelSet = readonly (boolean | null)[];

/** Separates the names of labels in one cell. */
export const LABEL_SEPARATOR = '|';

const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['', null],
  ['null', null],
  ['1', true],
  ['1.0', true],
  ['true', true],
  ['0', false],
  ['0.0', false],
  ['false', false],
]);

/**
 * Any number of labels per text: a list of those that it has, in place of which one cell has their names separated by a
 * bar; or one value per label, of which those that are missing or empty are unknown.
 */
export function severalLabels(labels: readonly string[]): LabelForm<LabelSet> {
  return {
    places: { otherField: 'labels', ownFields: labels },
    read(value, field) {
      if (isJsonObject(value)) return perLabel(value, labels);
      const list = listOf(value, labels);
      if (list === null) {
        return { problem: `${field} must be a list of labels, or an object with 1 or 0 for each label.` };
      }
      const indices = list.map((one) => labelIndex(one, labels));
      const foreign = list.filter((_, i) => indices[i] === null);
      return foreign.length > 0 ? { foreign } : { label: labels.map((_, k) => indices.includes(k)) };
    },
    uselessness(items) {
      const isFit = labels.some((_, k) => [true, false].every((has) => items.some((set) => set[k] === has)));
      if (isFit || items.length === 0) return null;
      return `none of the labels has both texts that have it and texts that do not have it: figures mean something only with both`;
    },
    contradict: (a, b) => a.some((has, k) => has !== null && typeof b[k] === 'boolean' && has !== b[k]),
    // Most texts have no label at all: a version that finds none any more would still have most texts right.
    merit: {
      name: 'macro-F1',
      of: (sets, said) => meanF1(countOutcomes(outcomesOf(sets, said), labels.length)) ?? 0,
    },
  };
}

function listOf(value: unknown, labels: readonly string[]): readonly LabelValue[] | null {
  if (Array.isArray(value)) return value.every(isLabelValue) ? value : null;
  if (typeof value === 'number') return [value];
  if (typeof value !== 'string') return null;
  if (value === '' || labels.includes(value)) return value === '' ? [] : [value];
  return value.split(LABEL_SEPARATOR).map((name) => name.trim());
}

const wordOf = (value: unknown): string => {
  if (typeof value === 'string') return value.trim().toLowerCase();
  return JSON.stringify(value ?? null);
};

function perLabel(values: Readonly<Record<string, unknown>>, labels: readonly string[]): Reading<LabelSet> {
  const foreign = Object.keys(values).filter((name) => !labels.includes(name));
  if (foreign.length > 0) return { foreign };
  const read = (name: string): boolean | null | undefined => WORDS.get(wordOf(values[name]));
  const unclear = labels.find((name) => read(name) === undefined);
  if (unclear !== undefined) {
    return { problem: `${unclear} must be 1 or 0 (true or false), or empty where it is not known.` };
  }
  const label = labels.map((name) => read(name) ?? null);
  return label.every((has) => has === null) ? { problem: 'It says nothing about any label.' } : { label };
}

/** Calls a function with the form in which the labels of a task are given. */
export const withLabelForm = <T>(
  task: TaskName,
  labels: readonly string[],
  use: <Label>(form: LabelForm<Label>) => T,
): T => (TASK_TRAITS[task].severalLabels ? use(severalLabels(labels)) : use(oneLabel(labels)));
