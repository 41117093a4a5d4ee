import type { VersionSpec } from '../protocol/protocol.js';
import { estimateTokens } from '../tokenization/token-estimate.js';
import { windowStep, type TextTokenizer } from '../tokenization/text-tokenizer.js';
import { isFirstWindow, type Span, type View, type WindowRange } from '../view.js';
import { TASK_TRAITS, type TaskName } from '../../registry/tasks.js';
import { type Classified, sameLabels, topLabel } from './classified.js';
import { LABEL_CODEC } from './label-codec.js';
import type {
  Comparer,
  Difference,
  Estimate,
  Graph,
  RunOutput,
  Sequences,
  Side,
  Task,
  VersionFacts,
  WorkerTask,
} from './task.js';

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The differences between the tasks whose answers are labels. */
export interface LabelTask {
  readonly name: TaskName;
  /** One score per label. */
  readonly scores: (logits: Float32Array) => number[];
  /** Whether scores can be computed from these logits. */
  readonly isSound: (logits: Float32Array) => boolean;
}

const KNOWN_INPUTS = new Set(['input_ids', 'attention_mask', 'token_type_ids']);

/** Assumed special tokens around a sequence, for estimates made without the tokenizer. */
const SPECIAL_TOKENS = 2;

/** The lowest score with which a text has a label, when it may have several. */
const THRESHOLD = 0.5;

/** The worker's half of a task whose graph computes logits. */
export function labelWorkerTask({ name, isSound }: LabelTask): WorkerTask {
  const { logits } = TASK_TRAITS[name];
  return {
    output({ inputNames, outputNames }: Graph): string {
      const output = outputNames.includes('logits') ? 'logits' : outputNames[0];
      if (output === undefined || inputNames.some((input) => !KNOWN_INPUTS.has(input))) {
        throw new Error(
          `model.onnx wants the inputs ${inputNames.join(', ')}; known are ${[...KNOWN_INPUTS].join(', ')}`,
        );
      }
      return output;
    },
    sequences(text: string, tokenizer: TextTokenizer, range: WindowRange | null): Sequences {
      if (range !== null) {
        const windows = tokenizer.windows(text, range);
        return { ...windows, empty: windows.items.some(({ ids }) => tokenizer.isEmpty(ids)) };
      }
      const { ids, truncated } = tokenizer.encode(text);
      return { items: [{ ids, start: 0, end: text.length }], truncated, empty: tokenizer.isEmpty(ids) };
    },
    row({ name: output, data }: RunOutput, index, rows, _tokens, spec: VersionSpec): Float32Array {
      const width = logits(spec.labels.length);
      if (!(data instanceof Float32Array) || data.length !== rows * width) {
        throw new Error(
          `the output ${output} is not float32 [${rows}, ${width}], as the task ${name} with ${spec.labels.length} labels needs`,
        );
      }
      const row = data.subarray(index * width, (index + 1) * width);
      if (!isSound(row)) throw new Error('the model answered a score that is not a number');
      return row;
    },
  };
}

/** The main process's half. A text of several windows has, per label, the highest score of its windows. */
export function labelTask({ name, scores: scoresOf }: LabelTask): Task {
  const { severalLabels } = TASK_TRAITS[name];
  return {
    estimate,
    combine(rows, spans): Classified {
      const [first] = rows;
      if (first === undefined) throw new Error('A text has no row.');
      if (rows.length === 1) return { scores: scoresOf(first) };
      return highest(rows.map(scoresOf), spans ?? []);
    },
    pair(stable, canary): Comparer {
      return new LabelComparer({ stable, canary }, severalLabels);
    },
    codec: LABEL_CODEC,
  };
}

function estimate(text: string, view: View, maxTokens: number): Estimate {
  if (isFirstWindow(view)) return { sequences: 1, tokens: estimateTokens(text, maxTokens) };
  const content = Math.max(1, maxTokens - SPECIAL_TOKENS);
  const step = windowStep(content);
  const limit = content + (view.max - 1) * step;
  const tokens = estimateTokens(text, limit + SPECIAL_TOKENS) - SPECIAL_TOKENS;
  const sequences = tokens <= content ? 1 : 1 + Math.ceil((tokens - content) / step);
  return { sequences, tokens: Math.min(maxTokens, tokens + SPECIAL_TOKENS) };
}

function highest(windows: readonly (readonly number[])[], spans: readonly Span[]): Classified {
  const labels = windows[0]?.length ?? 0;
  const best = Array.from({ length: labels }, (_, k) =>
    topLabel({ scores: windows.map((scores) => scores[k] ?? 0) }),
  );
  return {
    scores: best.map((window, k) => windows[window]?.[k] ?? 0),
    spans: best.map((window) => spans[window] ?? { start: 0, end: 0 }),
  };
}

/** Maximum number of label lists that are shared as objects; only tasks with several labels per text can have more. */
const MAX_SHARED_LISTS = 4096;

class LabelComparer implements Comparer {
  readonly labels: readonly string[];
  private readonly places: Readonly<Record<Side, readonly number[]>>;
  private readonly shared = new Map<string, readonly number[]>();
  private readonly single: readonly (readonly number[])[];

  constructor(
    private readonly facts: Readonly<Record<Side, VersionFacts>>,
    private readonly severalLabels: boolean,
  ) {
    const { stable, canary } = facts;
    this.labels = [...new Set([...stable.labels, ...canary.labels])];
    const placesIn = (own: readonly string[]): number[] => own.map((label) => this.labels.indexOf(label));
    this.places = { stable: placesIn(stable.labels), canary: placesIn(canary.labels) };
    this.single = this.labels.map((_, place) => [place]);
  }

  said(side: Side, value: Classified): readonly number[] {
    const places = this.places[side];
    if (!this.severalLabels) {
      return this.single[places[topLabel(value)] ?? 0] ?? [];
    }
    const { thresholds } = this.facts[side];
    const said = value.scores
      .flatMap((score, k) => (score >= (thresholds?.[k] ?? THRESHOLD) ? [places[k] ?? k] : []))
      .sort((a, b) => a - b);
    const key = said.join();
    const known = this.shared.get(key);
    if (known === undefined && this.shared.size < MAX_SHARED_LISTS) this.shared.set(key, said);
    return known ?? said;
  }

  score(value: Classified): number {
    return value.scores[topLabel(value)] ?? 0;
  }

  differ(stable: Classified, canary: Classified): Difference {
    const flip = !sameLabels(this.said('stable', stable), this.said('canary', canary));
    return { flip, distance: this.score(canary) - this.score(stable) };
  }
}
