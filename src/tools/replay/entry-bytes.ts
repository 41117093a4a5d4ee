import { entryBytes } from '../../service/cache/lru-store.js';
import type { ServedModel } from '../client/service-client.js';

/** Estimated heap bytes of one entry of a service's cache in memory: it holds the scores of all labels, and no text. */
export function entryBytesOf({ model_name: model, versions }: ServedModel): number {
  const labels = Math.max(0, ...versions.map((version) => version.labels?.length ?? 0));
  return entryBytes({
    key: { id: '', model, versionDigest: '' },
    row: { scores: new Array<number>(labels).fill(0), tokens: 0, truncated: false },
  });
}
