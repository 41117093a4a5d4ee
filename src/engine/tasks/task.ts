import type { VersionSpec } from '../protocol/protocol.js';
import type { TextTokenizer } from '../tokenization/text-tokenizer.js';
import type { Span, View, WindowRange } from '../view.js';
import type { Classified } from './classified.js';

/** What the tasks answer about a text. A new kind of answer joins here. */
export type Value = Classified;

/** One run's output for one sequence: logits, or a pooled vector. */
export interface Row {
  readonly values: Float32Array;
  /** Tokens of the sequence, special tokens included. */
  readonly tokens: number;
}

/** The answer about a text, as it is cached: nothing of the request that asked first. */
export interface Answer<V = Value> {
  readonly value: V;
  /** Tokens that entered the model, special tokens included, of all windows together. */
  readonly tokens: number;
  /** True when the text went on behind its last window. */
  readonly truncated: boolean;
}

/** One sequence of a text. */
export interface Sequence extends Span {
  readonly ids: ArrayLike<number>;
}

export interface Sequences {
  readonly items: readonly Sequence[];
  readonly truncated: boolean;
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
   * @throws Error with a sentence when the graph wants or gives something else than this task's
   */
  output(graph: Graph): string;
  /** The sequences of a text that a range of its windows makes; null: what a model reads of the text without windows. */
  sequences(text: string, tokenizer: TextTokenizer, range: WindowRange | null): Sequences;
  /**
   * One row of a run.
   * @param index of the row, of `rows` in all; `tokens`: how many of its positions are no padding
   * @throws Error with a sentence when the output has another shape, or a number that no answer can be made of
   */
  row(output: RunOutput, index: number, rows: number, tokens: number, spec: VersionSpec): Float32Array;
}

/** What the main process must know of a version to compare its answers with another one's. */
export interface VersionFacts {
  readonly labels: readonly string[];
  /** Per label, the score from which a text has it, where a text may have several; null: 0.5 each. */
  readonly thresholds: readonly number[] | null;
}

export type Side = 'canary' | 'stable';

/** How far two versions are apart about one text. */
export interface Difference {
  /** Whether they say different things. */
  readonly flip: boolean;
  /** By how much, in the task's own measure; of labels, the change of the top score, canary − stable. */
  readonly distance: number;
}

/** Holds the answers of two versions against each other, whatever order their labels have. */
export interface Comparer<V = Value> {
  /** Names of the labels of both versions, the stable one's first: what `said` counts by. */
  readonly labels: readonly string[];
  /**
   * The labels that an answer gives its text, as places in `labels`, ascending. Equal lists are one object, so that
   * what remembers many of them holds references.
   */
  said(side: Side, value: V): readonly number[];
  /** One number that shows how sure an answer is: the top score. */
  score(value: V): number;
  differ(stable: V, canary: V): Difference;
}

/** What a text is expected to cost before it has been tokenized. */
export interface Estimate {
  readonly sequences: number;
  /** Of the longest sequence, special tokens included. */
  readonly tokens: number;
}

/** How the answers of a task are kept. */
export interface Codec<V = Value> {
  /** Heap bytes of a value, beside its entry. */
  bytes(value: V): number;
  /** The answer as it lies in Redis; null for one that would not be read back. */
  encode(answer: Answer<V>): string | null;
  /** Reads what Redis holds, which anybody may have written; undefined for anything but an answer of this version. */
  decode(text: string, facts: VersionFacts): Answer<V> | undefined;
}

/** The half of a task that everything but the worker uses. */
export interface Task<V = Value> {
  estimate(text: string, view: View, maxTokens: number): Estimate;
  /** The value of a text from its rows, in the order of its windows. @param spans one per row; null: one row alone */
  combine(rows: readonly Float32Array[], spans: readonly Span[] | null): V;
  pair(stable: VersionFacts, canary: VersionFacts): Comparer<V>;
  readonly codec: Codec<V>;
}
