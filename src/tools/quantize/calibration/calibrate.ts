import { fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { StartError } from '../../../base/errors/start-error.js';
import { shallowCopy } from '../../onnx/copy-fields.js';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  TensorProto_DataType as DataType,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type ModelProto,
} from '../../onnx/generated/onnx_pb.js';
import { writeModelFile } from '../../onnx/model-file.js';
import type { ActivationRange } from '../integer-rounding.js';
import type { CalibrationTask, FromCalibrator } from './protocol.js';

const ENTRY_FILE = fileURLToPath(new URL('./entry.js', import.meta.url));

export interface CalibrateOptions {
  /** Where the model with its additional outputs may lie for a while; removed afterwards. */
  readonly modelFile: string;
  readonly sequences: readonly (readonly number[])[];
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

/**
 * Smallest and largest value of activations over texts, each run alone through the float model in a process of its own.
 * @throws StartError with a sentence when the model cannot be run; AbortError when the signal fires
 */
export async function calibrate(
  model: ModelProto,
  activations: readonly string[],
  { modelFile, sequences, signal, onProgress }: CalibrateOptions,
): Promise<ReadonlyMap<string, ActivationRange>> {
  signal.throwIfAborted();
  const written = writeModelFile(modelFile, withOutputs(model, activations));
  try {
    const task = { modelFile, tensors: activations, sequences: sequences.map((ids) => Int32Array.from(ids)) };
    const ranges = await runTask(task, signal, onProgress);
    return new Map(activations.map((name, i) => [name, ranges[i] ?? { low: NaN, high: NaN }]));
  } finally {
    const folder = modelFile.slice(0, modelFile.lastIndexOf('/') + 1);
    await Promise.all(written.map((name) => rm(folder + name, { force: true })));
  }
}

/** The model with more of its values as outputs; those that are outputs already are not named twice. */
function withOutputs(model: ModelProto, names: readonly string[]): ModelProto {
  const copy = shallowCopy(ModelProtoSchema, model);
  const graph = shallowCopy(GraphProtoSchema, model.graph ?? create(GraphProtoSchema));
  const type = create(TypeProtoSchema, {
    value: { case: 'tensorType', value: create(TypeProto_TensorSchema, { elemType: DataType.FLOAT }) },
  });
  const known = new Set(graph.output.map(({ name }) => name));
  const added = names
    .filter((name) => !known.has(name))
    .map((name) => create(ValueInfoProtoSchema, { name, type }));
  graph.output = [...graph.output, ...added];
  copy.graph = graph;
  return copy;
}

type Ranges = Extract<FromCalibrator, { type: 'done' }>['ranges'];

function runTask(
  task: CalibrationTask,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<Ranges> {
  return new Promise((resolve, reject) => {
    const child = fork(ENTRY_FILE, [], {
      serialization: 'advanced',
      execArgv: [],
      env: {},
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const fail = (why: string): void => {
      reject(new StartError(`The calibration cannot be run: ${why}.`));
    };
    const onAbort = (): void => {
      child.kill('SIGKILL');
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    child.on('message', (message: FromCalibrator) => {
      if (message.type === 'progress') onProgress(message.done);
      else if (message.type === 'done') resolve(message.ranges);
      else fail(message.message.replace(/\.$/, ''));
      if (message.type !== 'progress') child.disconnect();
    });
    child.on('error', (error) => {
      fail(error.message);
    });
    child.on('exit', (code, ended) => {
      signal.removeEventListener('abort', onAbort);
      // Behind an answer this changes nothing.
      fail(`its process ended with ${ended ?? `exit code ${String(code)}`}; is there enough memory?`);
    });
    child.send(task);
  });
}
