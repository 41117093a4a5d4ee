/** A difference of scores: `0`, `4.9e-7`. */
export const small = (value: number): string => (value === 0 ? '0' : value.toExponential(1));
