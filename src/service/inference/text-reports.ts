import type { Admission } from '../../engine/dispatch/admission.js';
import type { PendingText } from '../../engine/dispatch/pending-text.js';
import type { TextEvents } from '../../engine/dispatch/queued-texts.js';
import type { BatchTimings } from '../../engine/protocol/protocol.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { Metrics } from '../observability/metrics.js';
import type { LossListener, RunListener } from './pool-status.js';

/** Forwards the queues' reports about texts to admission, to the metrics and to the listeners of the pool. */
export class TextReports implements TextEvents {
  private readonly runListeners: RunListener[] = [];
  private readonly lossListeners: LossListener[] = [];

  /** @param versions versions by key; the queues know a version only by its key */
  constructor(
    private readonly versions: ReadonlyMap<string, ModelVersion>,
    private readonly admission: Admission,
    private readonly metrics: Metrics,
  ) {}

  onRun(listener: RunListener): void {
    this.runListeners.push(listener);
  }

  onLoss(listener: LossListener): void {
    this.lossListeners.push(listener);
  }

  released(items: readonly PendingText[]): void {
    this.admission.release(items);
  }

  batchFinished(key: string, texts: number, { paddedTokens, tokenizeMs, inferenceMs }: BatchTimings): void {
    const version = this.versions.get(key);
    if (version === undefined) return;
    const labels = { model: version.model, version: version.version };
    this.metrics.observeBatch({ ...labels, texts, paddedTokens, tokenizeMs, inferenceMs });
    for (const listener of this.runListeners) listener(version, { inferenceMs, paddedTokens });
  }

  lostForUser(key: string): void {
    const version = this.versions.get(key);
    if (version === undefined) return;
    for (const listener of this.lossListeners) listener(version);
  }
}
