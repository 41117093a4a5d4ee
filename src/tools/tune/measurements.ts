import type { Measured, Rung } from './choose-setting.js';
import { groupName, pointName, type Point } from './grid.js';
import { closedLoop, openLoop, type Send } from './load-loops.js';
import type { PointRunner } from './point-runner.js';
import { SETTLE_MS } from './search-plan.js';

export interface MeasurementOptions {
  /** Clients of the closed loop; the same for every point. */
  readonly clients: number;
  /** Fires when the user has seen enough. */
  readonly signal: AbortSignal;
  /** Called with the description of the current measurement. */
  readonly onProgress: (sentence: string) => void;
}

/**
 * Points that share a load run together. Many workers, usually the best, come first, so that the time limit
 * does not omit them.
 */
const byGroup = (a: Point, b: Point): number =>
  b.workers - a.workers ||
  a.threads - b.threads ||
  groupName(a).localeCompare(groupName(b)) ||
  a.paddedTokens - b.paddedTokens;

/**
 * Measures points until the time limit; no measurement starts after it, and unmeasured points are omitted.
 */
export class Measurements {
  constructor(
    private readonly runner: PointRunner,
    private readonly options: MeasurementOptions,
  ) {}

  /**
   * One slice of each point, quickly: points that differ in budget alone share what is loaded, and the workers split
   * at the largest budget of all, so that the queue decides.
   * @param until `performance.now()` at which the time is up
   */
  async round(points: readonly Point[], sliceMs: number, until: number): Promise<Map<Point, number | null>> {
    const largest = Math.max(...points.map(({ paddedTokens }) => paddedTokens));
    const rates = new Map<Point, number | null>();
    this.options.onProgress(`${points.length} settings, ${Math.round(sliceMs)} ms each`);
    for (const point of [...points].sort(byGroup)) {
      if (this.isOver(until)) break;
      const rate = await this.closed(point, largest, sliceMs);
      if (this.options.signal.aborted) break;
      rates.set(point, rate);
    }
    return rates;
  }

  /**
   * Slices of each point as the service would run it, in alternating order, so that a drift affects all
   * points.
   */
  async repeat(
    points: readonly Point[],
    sliceMs: number,
    repetitions: number,
    until: number,
  ): Promise<Map<Point, number[]>> {
    const rates = new Map<Point, number[]>();
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const order = repetition % 2 === 0 ? points : [...points].reverse();
      for (const point of order) {
        if (this.isOver(until)) return rates;
        this.options.onProgress(`${pointName(point)}: closed loop, ${repetition + 1} of ${repetitions}`);
        const rate = await this.closed(point, point.paddedTokens, sliceMs);
        if (this.options.signal.aborted) return rates;
        if (rate !== null) rates.set(point, [...(rates.get(point) ?? []), rate]);
      }
    }
    return rates;
  }

  /** The p95 of each point under the same rates; points that the time did not allow are missing. */
  async ladder(
    points: readonly Point[],
    ratesPerS: readonly number[],
    sliceMs: number,
    until: number,
  ): Promise<Map<Point, Rung[]>> {
    const { signal, onProgress } = this.options;
    const ladders = new Map<Point, Rung[]>();
    for (const point of points) {
      if (this.isOver(until)) break;
      const send = await this.prepare(point, point.paddedTokens);
      if (send === null) break;
      await closedLoop(send, { ...this.options, settleMs: 0, sliceMs: SETTLE_MS });
      const rungs: Rung[] = [];
      for (const [seed, ratePerS] of ratesPerS.entries()) {
        onProgress(`${pointName(point)}: open loop, ${Math.round(ratePerS)} texts/s`);
        // A point that did not sustain a rate does not sustain a higher one.
        const isHopeless = rungs.length > 0 && rungs.at(-1)?.p95Ms === null;
        const p95Ms = isHopeless ? null : await openLoop(send, { ratePerS, sliceMs, seed, signal });
        rungs.push({ ratePerS, p95Ms });
      }
      if (signal.aborted) break;
      ladders.set(point, rungs);
    }
    return ladders;
  }

  private isOver(until: number): boolean {
    return this.options.signal.aborted || performance.now() >= until;
  }

  /** Null when the signal fired during the measurement; earlier measurements still count. */
  private async prepare(point: Point, workerBudget: number): Promise<Send | null> {
    try {
      return await this.runner.prepare(point, workerBudget);
    } catch (error) {
      if (this.options.signal.aborted) return null;
      throw error;
    }
  }

  /** Texts per second; null when a worker process was lost meanwhile, for the figure is then that of its absence. */
  private async closed(point: Point, workerBudget: number, sliceMs: number): Promise<number | null> {
    const send = await this.prepare(point, workerBudget);
    if (send === null) return null;
    const { losses } = this.runner;
    const { textsPerS } = await closedLoop(send, { ...this.options, settleMs: SETTLE_MS, sliceMs });
    return this.runner.losses === losses && textsPerS > 0 ? textsPerS : null;
  }
}

/** Finalists with their repetitions and ladders; points without any measurement are omitted. */
export function join(
  rates: ReadonlyMap<Point, readonly number[]>,
  ladders: ReadonlyMap<Point, readonly Rung[]>,
): Measured[] {
  return [...rates].map(([point, ratesPerS]) => ({ point, ratesPerS, rungs: ladders.get(point) ?? [] }));
}
