import { fitCost, type CostSample } from '../protocol/cost-model.js';
import type { CostCoefficients } from '../protocol/protocol.js';

/** Runs that the estimate remembers: a few seconds of traffic, so that it follows what else the cores have to do. */
const REMEMBERED_RUNS = 256;

/** New runs after which the coefficients are fitted again. */
const RUNS_PER_FIT = 32;

/**
 * What runs of a version cost on this machine now: fitted to the runs of the warm-up, then again and again to those
 * of the traffic. The runs of the warm-up stay in the fit, since they alone cover every shape.
 */
export class CostEstimator {
  private readonly recent: CostSample[] = [];
  private next = 0;
  private sinceFit = 0;
  private fitted: CostCoefficients;

  /** @param warmUp at least three runs of different shapes */
  constructor(private readonly warmUp: readonly CostSample[]) {
    this.fitted = fitCost(warmUp);
  }

  get cost(): CostCoefficients {
    return this.fitted;
  }

  add(sample: CostSample): void {
    this.recent[this.next] = sample;
    this.next = (this.next + 1) % REMEMBERED_RUNS;
    this.sinceFit++;
    if (this.sinceFit < RUNS_PER_FIT) return;
    this.sinceFit = 0;
    this.fitted = fitCost([...this.warmUp, ...this.recent]);
  }
}
