import type { VersionSpec } from '../protocol/protocol.js';
import type { TextTokenizer } from '../tokenization/text-tokenizer.js';
import type { Span, View, WindowRange } from '../view.js';
import type { Classified } from './classified.js';

/** The result of a task for a text. A new kind of result is added to this union. */
export type Value = Classified;

/** One run's output for one sequence: logits, or a pooled vector. */
export interface Row {
  readonly values: Float32Array;
  /** Tokens of the sequence, special tokens included. */
  readonly tokens: number;
}

/** The answer for a text, as it is cached: it contains no data of the request that computed it. */
export interface Answer<V = Value> {
  readonly value: V;
  /** Tokens that entered the model, special tokens included, of all windows together; at least 1. */
  readonly tokens: number;
  /** True when the text continued after its last window. */
  readonly truncated: boolean;
}

/** One sequence of a text. */
export interface Sequence extends Span {
  readonly ids: ArrayLike<number>;
}

export interface Sequences {
  readonly items: readonly Sequence[];
  readonly truncated: boolean;
  /** True when the tokenizer leaves nothing of the text: its only sequence has special tokens alone. */
  readonly empty: boolean;
}

/** Names of a graph's inputs and outputs. */
export interface Graph {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
}

/** The output of one run of a graph. */
export interface RunOutput {
  readonly name: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}

/** The half of a task that runs in the worker process. */
export interface WorkerTask {
  /**
   * The output that carries the rows.
   * @throws Error with a sentence when the graph's inputs or outputs are not those of this task
   */
  output(graph: Graph): string;
  /**
   * The sequences for a range of a text's windows. With null: the single sequence that the model reads without windows.
   */
  sequences(text: string, tokenizer: TextTokenizer, range: WindowRange | null): Sequences;
  /**
   * One row of a run.
   * @param index the row's index among `rows` rows; `tokens`: number of its positions that are not padding
   * @throws Error with a sentence when the output has another shape, or contains a number without meaning, such as NaN
   */
  row(output: RunOutput, index: number, rows: number, tokens: number, spec: VersionSpec): Float32Array;
}

/** The facts about a version that are needed to compare its answers with another version's. */
export interface VersionFacts {
  readonly labels: readonly string[];
  /**
   * Per label, the lowest score with which a text has it, when a text may have several labels; null means 0.5 for each.
   */
  readonly thresholds: readonly number[] | null;
  /** Most tokens of a text that is read in one window; null where a pipeline answers, which may add up several models. */
  readonly maxTokens: number | null;
}

export type Side = 'canary' | 'stable';

/** The difference between the answers of two versions for one text. */
export interface Difference {
  /** Whether the labels differ. */
  readonly flip: boolean;
  /** The distance in the task's own measure; for labels, the change of the top score, canary − stable. */
  readonly distance: number;
}

/** Compares the answers of two versions, whose labels may have different orders. */
export interface Comparer<V = Value> {
  /** Names of the labels of both versions, the stable version's first. `said` returns indices in this list. */
  readonly labels: readonly string[];
  /**
   * The labels that an answer gives its text, as ascending indices in `labels`. Equal lists are usually the same
   * object, so that code which keeps many of them keeps only references.
   */
  said(side: Side, value: V): readonly number[];
  /** The confidence of an answer: its top score. */
  score(value: V): number;
  differ(stable: V, canary: V): Difference;
}

/** The estimated cost of a text before it is tokenized. */
export interface Estimate {
  readonly sequences: number;
  /** Of the longest sequence, special tokens included. */
  readonly tokens: number;
}

/** How the answers of a task are stored in caches. */
export interface Codec<V = Value> {
  /** Heap bytes of a value, without its cache entry. */
  bytes(value: V): number;
  /** The answer in the format of Redis; null when it could not be read back. */
  encode(answer: Answer<V>): string | null;
  /**
   * Reads a value from Redis. Other programs may have written it, so the result is undefined unless it is an answer of
   * this version.
   */
  decode(text: string, facts: VersionFacts): Answer<V> | undefined;
}

/** The half of a task that all code outside the worker uses. */
export interface Task<V = Value> {
  estimate(text: string, view: View, maxTokens: number): Estimate;
  /** The value of a text from its rows, in the order of its windows. @param spans one per row; null: one row alone */
  combine(rows: readonly Float32Array[], spans: readonly Span[] | null): V;
  pair(stable: VersionFacts, canary: VersionFacts): Comparer<V>;
  readonly codec: Codec<V>;
}
