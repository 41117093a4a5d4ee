import { loadVersion, type LoadedVersion } from './load-version.js';
import { runBatch, type BatchResult } from './run-batch.js';
import { CostEstimator } from './cost-estimator.js';
import type { BatchSplit, CostCoefficients, VersionSpec } from './protocol.js';
import { warmUp } from './warm-up.js';

interface Entry {
  readonly version: LoadedVersion;
  readonly costs: CostEstimator;
}

/** The versions that this process holds in memory, by key. */
export class SessionTable {
  private readonly entries = new Map<string, Entry>();

  /**
   * @param onWarming called once the session is open, before the first run
   * @throws Error with a sentence when a file, the graph or the tokenizer does not fit
   */
  async load(spec: VersionSpec, onWarming: () => void): Promise<CostCoefficients> {
    const existing = this.entries.get(spec.key);
    if (existing !== undefined) return existing.costs.cost;
    const version = await loadVersion(spec);
    onWarming();
    try {
      const costs = new CostEstimator(await warmUp(version));
      this.entries.set(spec.key, { version, costs });
      return costs.cost;
    } catch (error) {
      await version.session.release();
      throw error;
    }
  }

  async unload(key: string): Promise<void> {
    const entry = this.entries.get(key);
    this.entries.delete(key);
    await entry?.version.session.release();
  }

  async run(
    key: string,
    texts: readonly string[],
    split: BatchSplit,
  ): Promise<BatchResult & { cost: CostCoefficients }> {
    const entry = this.entries.get(key);
    if (entry === undefined) throw new Error(`the version ${key} is not loaded in this worker`);
    const result = await runBatch(entry.version, texts, entry.costs, split);
    return { ...result, cost: entry.costs.cost };
  }
}
