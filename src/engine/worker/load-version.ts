import { InferenceSession } from 'onnxruntime-node';
import { readVerifiedFile } from '../../registry/verified-file.js';
import { TextTokenizer } from '../tokenization/text-tokenizer.js';
import { workerTaskOf } from '../tasks/table.js';
import type { WorkerTask } from '../tasks/task.js';
import type { VersionSpec } from '../protocol/protocol.js';

/** A version in memory, ready to run. */
export interface LoadedVersion {
  readonly spec: VersionSpec;
  readonly tokenizer: TextTokenizer;
  readonly session: InferenceSession;
  readonly task: WorkerTask;
  /** Name of the output that carries the rows. */
  readonly output: string;
}

/**
 * Reads the files of a version, checks each against its digest and opens the session from the very bytes that
 * were checked: a file swapped on disk between the check and the load is never run.
 * @param onRead called once the files are read and checked, before the session is opened
 * @throws Error with a sentence that says what does not fit
 */
export async function loadVersion(spec: VersionSpec, onRead: () => void): Promise<LoadedVersion> {
  const [model, tokenizerJson, tokenizerConfigJson] = await Promise.all([
    readVerifiedFile(spec.folder, spec.files, 'model.onnx'),
    readVerifiedFile(spec.folder, spec.files, 'tokenizer.json'),
    readVerifiedFile(spec.folder, spec.files, 'tokenizer_config.json'),
  ]);
  onRead();
  const tokenizer = await TextTokenizer.fromFiles(
    { tokenizerJson, tokenizerConfigJson },
    { maxTokens: spec.maxTokens, truncationSide: spec.truncationSide },
  );
  const { disabled_optimizers: disabled, graph_optimization_level: level } = spec.session;
  const session = await InferenceSession.create(model, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    graphOptimizationLevel: level,
    intraOpNumThreads: spec.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    ...(disabled.length > 0 && {
      extra: { optimization: { disable_specified_optimizers: disabled.join(';') } },
    }),
  });
  const task = workerTaskOf(spec);
  try {
    return { spec, tokenizer, session, task, output: task.output(session) };
  } catch (error) {
    await session.release();
    throw error;
  }
}
