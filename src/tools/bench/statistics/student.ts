/** Coefficients of Lanczos' approximation with g = 7 and nine terms (Godfrey 2001); 15 digits. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;
const G = 7;

/** The logarithm of the gamma function of x, at least 0.5. */
function lnGamma(x: number): number {
  const t = x + G - 0.5;
  const series = LANCZOS.reduce((sum, c, k) => sum + (k === 0 ? c : c / (x - 1 + k)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

const MAX_TERMS = 500;
const PRECISION = 1e-14;
/** Stands for a denominator of 0 (the modified Lentz method, Thompson and Barnett 1986). */
const TINY = 1e-300;

/** The continued fraction of the incomplete beta function (DLMF 8.17.22). */
function betaFraction(x: number, a: number, b: number): number {
  const nonZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MAX_TERMS; m++) {
    const terms = [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ];
    let factor = 1;
    for (const term of terms) {
      d = 1 / nonZero(1 + term * d);
      c = nonZero(1 + term / c);
      factor = c * d;
      fraction *= factor;
    }
    if (Math.abs(factor - 1) < PRECISION) break;
  }
  return fraction;
}

/** The regularised incomplete beta function I_x(a, b); a and b at least 0.5, x from 0 to 1. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges quickly on this side alone; on the other its mirror image does.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/**
 * How often Student's t is at least this far from 0 by chance, on either side (DLMF 8.17; Abramowitz and Stegun 26.7.1).
 * @param degrees of freedom, at least 1; need not be whole
 */
export function studentP(t: number, degrees: number): number {
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/**
 * The t within which the share `level` of Student's distribution lies, both sides together: 2.571 for 0.95 and 5
 * degrees.
 */
export function studentQuantile(level: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (studentP(high, degrees) > 1 - level) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (studentP(middle, degrees) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
