import type { ModelVersion } from '../registry/model-version.js';
import type { VersionSpec } from './protocol/protocol.js';

/** Builds the description of a version that a worker gets, from the manifest alone. */
export function toVersionSpec({ key, folder, manifest }: ModelVersion, threads: number): VersionSpec {
  return {
    key,
    folder,
    files: manifest.files,
    task: manifest.task,
    labels: manifest.labels,
    maxTokens: manifest.max_tokens,
    truncationSide: manifest.truncation_side,
    session: manifest.session,
    batching: manifest.batching,
    threads,
  };
}
