import { OnnxError } from '../onnx/onnx-error.js';

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

/** Smallest and largest value of an activation over all calibration texts. */
export interface ActivationRange {
  readonly low: number;
  readonly high: number;
}

export interface UInt8Scale {
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * Scale and zero point of uint8 values over a range, zero included: `value ≈ (uint8 - zeroPoint) × scale`. Zero must be
 * one of the values that are exact, as most of what flows through a network is near it.
 * @throws OnnxError when the range is not finite
 */
export function uint8Scale(name: string, range: ActivationRange): UInt8Scale {
  if (!Number.isFinite(range.low) || !Number.isFinite(range.high)) {
    throw new OnnxError(`${name} is not finite for some calibration text: the model cannot be quantised.`);
  }
  const low = Math.min(range.low, 0);
  const high = Math.max(range.high, 0);
  if (low === high) return { scale: 1, zeroPoint: 0 };
  const scale = Math.fround((high - low) / 255);
  const zeroPoint = Math.min(255, Math.max(0, roundHalfEven(Math.fround(-low / scale))));
  return { scale, zeroPoint };
}
