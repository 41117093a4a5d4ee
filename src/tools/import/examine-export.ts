import { StartError } from '../../base/errors/start-error.js';
import type { TaskName } from '../../registry/tasks.js';
import type { ModelProto } from '../onnx/generated/onnx_pb.js';
import { readModelFile } from '../onnx/model-file.js';
import { OnnxError } from '../onnx/onnx-error.js';
import type { ExportFolder } from './export-folder.js';
import { readExportedConfig, type ExportedConfig } from './exported-config.js';
import { readExportedTokenizer, type ExportedTokenizer } from './exported-tokenizer.js';
import { precisionOf, refuseBfloat16, type GraphPrecision } from './graph-precision.js';
import { checkSignature } from './graph-signature.js';
import { decideLabels } from './labels-and-task.js';
import type { OutputKind } from './output-kind.js';
import { readPythonParity, type PythonParity } from './python-parity.js';
import { asLogits } from './score-output.js';
import { refuseSwappedInputs } from './swapped-inputs.js';
import { checkSingleTexts } from './text-pairs.js';
import { decideMaxTokens } from './token-limit.js';
import { checkTokenizerFits } from './tokenizer-fit.js';
import { checkInferenceMode } from './training-mode.js';
import { rowsLookedUp } from './word-embedding.js';

/** What may be said where the files do not, or are wrong. */
export interface ExportChoices {
  readonly labels: readonly string[] | null;
  readonly task: TaskName | null;
  readonly maxTokens: number | null;
  /** What the output of the graph holds. */
  readonly output: OutputKind;
  /** File with golden texts that Python made. */
  readonly parityFile: string | null;
  /** Python will be asked for golden texts, once the files are known to fit. */
  readonly asksPython: boolean;
}

/** An export whose files fit one another, as far as reading them tells. */
export interface ExaminedExport {
  readonly model: ModelProto;
  readonly modelPath: string;
  readonly inputs: readonly string[];
  /** True when the graph is not taken over byte by byte: its weights lie beside it, or a part was taken off. */
  readonly isRewritten: boolean;
  readonly opset: number;
  /** Program that wrote the graph; empty where it is not said. */
  readonly producer: string;
  readonly config: ExportedConfig;
  readonly tokenizer: ExportedTokenizer;
  readonly task: TaskName;
  readonly labels: readonly string[];
  readonly maxTokens: number;
  readonly precision: GraphPrecision;
  readonly python: PythonParity | null;
  readonly notes: readonly string[];
}

/**
 * Compares graph, config and tokenizer with what Serin serves and with one another; nothing is run.
 * @throws StartError with a sentence about the first thing that does not fit
 */
export function examineExport(files: ExportFolder, choices: ExportChoices): ExaminedExport {
  const config = readExportedConfig(files.configJson);
  refuseArchitecture(config.architecture);
  const tokenizer = readExportedTokenizer(files.tokenizerJson, files.tokenizerConfigJson);
  const { model, externalFiles } = readGraph(files.modelPath);
  const { graph } = model;
  if (graph === undefined) throw new StartError(`${files.modelPath} holds no graph.`);
  refuseBfloat16(model);
  const { inputs, output, width } = checkSignature(graph, config.vocabSize);
  refuseSwappedInputs(graph);
  checkInferenceMode(model);
  const pairNotes = checkSingleTexts(config, choices.task);
  const { task, labels, notes: labelNotes } = decideLabels(config, width, choices);
  const logits = asLogits(model, output, task, choices.output);
  const python = choices.parityFile === null ? null : readPythonParity(choices.parityFile, labels.length);
  const rows = rowsLookedUp(graph, 'input_ids');
  const hasParity = python !== null || choices.asksPython;
  const tokenizerNotes = checkTokenizerFits(tokenizer, config, rows, hasParity);
  const limit = decideMaxTokens({
    ...config,
    modelMaxLength: tokenizer.modelMaxLength,
    wanted: choices.maxTokens,
  });
  const maskNotes = inputs.includes('attention_mask')
    ? []
    : ['the graph takes no attention_mask, so that padding may change its answers: batches are measured'];
  return {
    model: logits.model,
    modelPath: files.modelPath,
    inputs,
    isRewritten: externalFiles.length > 0 || logits.model !== model,
    opset: Number(
      model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0,
    ),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    config,
    tokenizer,
    task,
    labels,
    maxTokens: limit.maxTokens,
    precision: precisionOf(model),
    python,
    notes: [...pairNotes, ...labelNotes, ...logits.notes, ...tokenizerNotes, ...limit.notes, ...maskNotes],
  };
}

/** The head of a model is part of its class name. */
function refuseArchitecture(architecture: string | null): void {
  const head =
    /For(CausalLM|ConditionalGeneration|MaskedLM|PreTraining|TokenClassification|QuestionAnswering)$|LMHeadModel$/.exec(
      architecture ?? '',
    )?.[0];
  if (head === undefined) return;
  const kind = /Causal|Conditional|LMHead/.test(head) ? 'a generator' : 'no classifier of texts';
  throw new StartError(
    `config.json describes ${kind} (${architecture ?? ''}): Serin serves models with a classification head (…ForSequenceClassification).`,
  );
}

function readGraph(path: string): ReturnType<typeof readModelFile> {
  try {
    return readModelFile(path);
  } catch (error) {
    if (error instanceof OnnxError) throw new StartError(error.message, { cause: error });
    throw error;
  }
}
