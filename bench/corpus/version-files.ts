import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { InputError } from '../base/input-error.js';

/** What the bench reads of manifest.json. */
export interface RunSettings {
  readonly session: {
    readonly graph_optimization_level: NonNullable<InferenceSession.SessionOptions['graphOptimizationLevel']>;
    readonly disabled_optimizers: readonly string[];
  };
  readonly batching: { readonly max_padded_tokens: number };
  readonly precision: string;
}

export function readRunSettings(folder: string): RunSettings {
  const path = join(folder, 'manifest.json');
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunSettings;
  } catch (error) {
    throw new InputError(
      `${path} cannot be read (${(error as Error).message}); MODEL_REGISTRY names the folder`,
      {
        cause: error,
      },
    );
  }
}
