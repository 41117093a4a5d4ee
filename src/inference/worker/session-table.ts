import { loadVersion, type LoadedVersion } from './load-version.js';
import { runBatch, type BatchResult } from './run-batch.js';
import type { CostCoefficients, VersionSpec } from './protocol.js';
import { warmUp } from './warm-up.js';

interface Entry {
  readonly version: LoadedVersion;
  readonly cost: CostCoefficients;
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
    if (existing !== undefined) return existing.cost;
    const version = await loadVersion(spec);
    onWarming();
    const cost = await warmUp(version);
    this.entries.set(spec.key, { version, cost });
    return cost;
  }

  async unload(key: string): Promise<void> {
    const entry = this.entries.get(key);
    this.entries.delete(key);
    await entry?.version.session.release();
  }

  async run(key: string, texts: readonly string[]): Promise<BatchResult> {
    const entry = this.entries.get(key);
    if (entry === undefined) throw new Error(`the version ${key} is not loaded in this worker`);
    return runBatch(entry.version, texts, entry.cost);
  }
}
