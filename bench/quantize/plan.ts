/** How much of the comparison of quantisers is measured. */
export interface QuantizePlan {
  /** Each model runs alone in each round, in changing order. */
  readonly rounds: number;
  readonly sliceMs: number;
  /** Passes over every budget, to find each model's best. */
  readonly passes: number;
  readonly passSliceMs: number;
}

/** With what has to be made before, about five minutes. */
export const FULL_QUANTIZE: QuantizePlan = { rounds: 7, sliceMs: 1_500, passes: 2, passSliceMs: 600 };

/** Tells whether all works, not how fast it is. */
export const QUICK_QUANTIZE: QuantizePlan = { rounds: 1, sliceMs: 300, passes: 1, passSliceMs: 100 };

/** Padded tokens of a batch that are tried; 0 leaves each text alone. */
export const BUDGETS = [0, 128, 192, 256, 384, 512, 768] as const;

/** Rows of a batch in which flips are looked for, with mates drawn at random. */
export const MIXED_ROWS = 16;

/** The accuracy that the quantiser may cost, in percentage points, and the speed that it must gain. */
export const LIMITS = { againstPythonPoints: 0.2, againstFloatPoints: 0.5, speedUp: 2.7 } as const;
