import { loadVersion, type LoadedVersion } from './load-version.js';
import { runBatch, runPlanned, type BatchResult, type BatchTexts } from './run-batch.js';
import { CostEstimator } from './cost-estimator.js';
import type { CostCoefficients, FromWorker, PlannedRuns, VersionSpec } from '../protocol/protocol.js';
import { warmUp } from './warm-up.js';

/** The messages that a worker sends while it loads a version. */
type LoadStep = Extract<FromWorker, { type: 'warming' | 'load_step' }>['type'];

interface Entry {
  readonly version: LoadedVersion;
  readonly costs: CostEstimator;
}

export interface TableResult extends BatchResult {
  /** What runs of the version cost now, by the latest fit. */
  readonly cost: CostCoefficients;
}

/** The versions that this process holds in memory, by key. */
export class SessionTable {
  private readonly entries = new Map<string, Entry>();

  /**
   * @param onStep called with `warming` once the session is open, before the first run, and with `load_step` after the
   *   other steps of the load
   * @throws Error with a sentence when a file, the graph or the tokenizer does not fit
   */
  async load(spec: VersionSpec, onStep: (step: LoadStep) => void): Promise<CostCoefficients> {
    const existing = this.entries.get(spec.key);
    if (existing !== undefined) return existing.costs.cost;
    const onPart = (): void => {
      onStep('load_step');
    };
    const version = await loadVersion(spec, onPart);
    onStep('warming');
    try {
      const costs = new CostEstimator(await warmUp(version, onPart));
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

  /** Tokenizes and runs texts. */
  async run(key: string, texts: BatchTexts): Promise<TableResult> {
    const { version, costs } = this.entry(key);
    return { ...(await runBatch(version, texts, costs)), cost: costs.cost };
  }

  /** Runs what is tokenized and planned already. */
  async runPlanned(key: string, runs: PlannedRuns): Promise<TableResult> {
    const { version, costs } = this.entry(key);
    return { ...(await runPlanned(version, runs, costs)), cost: costs.cost };
  }

  private entry(key: string): Entry {
    const entry = this.entries.get(key);
    if (entry === undefined) throw new Error(`the version ${key} is not loaded in this worker`);
    return entry;
  }
}
