import { abortOf } from '../../base/abort.js';
import { toVersionSpec } from '../../engine/version-spec.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { groupName, type Point } from './grid.js';
import type { Send } from './load-loops.js';
import { Rig, type RigSettings } from './scheduler-rig.js';

/** Loads points into worker processes, one after the other, and reuses workers that fit the next point. */
export class PointRunner {
  private rig: Rig | undefined;
  private loaded = '';
  private loads = 0;
  private next = 0;
  private readonly aborted: Promise<never>;

  constructor(
    private readonly version: ModelVersion,
    private readonly texts: readonly string[],
    private readonly settings: RigSettings,
    signal: AbortSignal,
  ) {
    this.aborted = abortOf(signal);
  }

  /**
   * Makes a point ready.
   * @param workerBudget what the workers themselves split at; the largest of a group where points share their load
   * @returns sends the next of the texts
   * @throws StartError when the version cannot be loaded; AbortError when the signal fires
   */
  async prepare(point: Point, workerBudget: number): Promise<Send> {
    const rig = await this.rigFor(point.workers);
    const wanted = `${groupName(point)}, ${workerBudget}`;
    if (this.loaded !== wanted) {
      this.loaded = '';
      const spec = toVersionSpec(this.version, point.threads);
      const loading = rig.load({
        ...spec,
        key: `${spec.key}#${++this.loads}`,
        session: point.session.settings,
        batching: { ...spec.batching, max_padded_tokens: workerBudget },
      });
      await Promise.race([loading, this.aborted]);
      this.loaded = wanted;
    }
    rig.limitBatches(point.paddedTokens);
    return async () => {
      const text = this.texts[this.next++ % this.texts.length] ?? '';
      const { ok } = await rig.run(text);
      return ok;
    };
  }

  /** Worker processes lost since the processes of the present point were started. */
  get losses(): number {
    return this.rig?.losses ?? 0;
  }

  async close(): Promise<void> {
    const { rig } = this;
    this.rig = undefined;
    this.loaded = '';
    await rig?.close();
  }

  private async rigFor(workers: number): Promise<Rig> {
    if (this.rig?.workers === workers) return this.rig;
    await this.close();
    return (this.rig = new Rig(workers, this.settings));
  }
}
