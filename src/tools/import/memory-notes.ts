import { megabytes } from '../../base/format.js';
import { estimateVersionBytes } from '../../engine/pool/memory-check.js';
import type { ModelVersion } from '../../registry/model-version.js';

/** Room above what was measured or is estimated, for the service's own memory and for longer batches. */
const ROOM = 1.25;
const STEP_BYTES = 100e6;

/**
 * Compares the memory of a worker process with the limit of the service, which replaces a larger process after its
 * batch, and refuses to load a version whose estimate is larger.
 * @param workerRssBytes measured with this version alone
 * @param limitBytes WORKER_MAX_RSS_BYTES
 * @returns a sentence when a service with this limit could not serve the version
 */
export function memoryNotes(
  version: Pick<ModelVersion, 'manifest'>,
  workerRssBytes: number,
  limitBytes: number,
): string[] {
  const most = Math.max(workerRssBytes, estimateVersionBytes(version));
  if (most <= limitBytes) return [];
  const wanted = Math.ceil((ROOM * most) / STEP_BYTES) * STEP_BYTES;
  const then =
    workerRssBytes > limitBytes
      ? 'would replace the process after each batch'
      : 'would refuse to load it while it serves';
  return [
    `a worker process with it takes ${megabytes(workerRssBytes)}, and up to about ${megabytes(most)} while it loads; WORKER_MAX_RSS_BYTES is ${megabytes(limitBytes)}: a service ${then}; set WORKER_MAX_RSS_BYTES=${wanted} or more before it is loaded`,
  ];
}
