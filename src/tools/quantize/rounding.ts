/** 1.5 × 2²³: float32 numbers of this size are the integers, so adding it rounds to one. */
const INTEGERS_FROM = 12_582_912;

/**
 * The nearest integer, halves to the even one, as IEEE 754, NumPy and ONNX Runtime round: `Math.round` moves every half
 * upwards, which shifts a weight's mean.
 * @param x between -2²² and 2²²
 */
export function roundHalfEven(x: number): number {
  return Math.fround(x + INTEGERS_FROM) - INTEGERS_FROM;
}
