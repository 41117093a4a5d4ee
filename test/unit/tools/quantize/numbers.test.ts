import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uint8Scale, roundHalfEven } from '../../../../src/tools/quantize/integer-rounding.js';
import { selectNames } from '../../../../src/tools/quantize/float-model.js';
import { quantizeMatrix } from '../../../../src/tools/quantize/quantized-weights.js';

describe('rounding', () => {
  it('takes halves to the even integer, as NumPy does', () => {
    const given = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, 126.50001, 254.5];
    expect(given.map(roundHalfEven).map((x) => x + 0)).toEqual([0, 2, 2, 0, -2, -2, 0, 127, 254]);
  });
});

describe('weights', () => {
  const matrix = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
    .chain(([rows, columns]) =>
      fc.record({
        columns: fc.constant(columns),
        weights: fc
          .array(fc.float({ min: -4, max: 4, noNaN: true }), {
            minLength: rows * columns,
            maxLength: rows * columns,
          })
          .map((list) => Float32Array.from(list)),
      }),
    );

  it.each(['row', 'column'] as const)('are off by half a step of their %s at most', (along) => {
    fc.assert(
      fc.property(matrix, fc.constantFrom(7 as const, 8 as const), ({ weights, columns }, bits) => {
        const { values, scales, largestError } = quantizeMatrix(weights, columns, along, bits);
        const top = bits === 7 ? 63 : 127;
        let worst = 0;
        weights.forEach((weight, i) => {
          const scale = scales[along === 'row' ? Math.floor(i / columns) : i % columns] ?? NaN;
          const error = Math.abs(weight - (values[i] ?? 0) * scale);
          worst = Math.max(worst, error);
          expect(Math.abs(values[i] ?? 0)).toBeLessThanOrEqual(top);
          expect(error).toBeLessThanOrEqual(scale * 0.5001);
        });
        expect(largestError).toBe(worst);
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  it('reach the ends of their range, and zeros stay zeros', () => {
    const { values, scales } = quantizeMatrix(new Float32Array([2, 0, -1, 0]), 2, 'column', 8);
    expect([...values]).toEqual([127, 0, -64, 0]);
    expect(scales[0]).toBe(Math.fround(2 / 127));
    expect(scales[1]).toBeGreaterThan(0);
  });
});

describe('the range of an activation', () => {
  it('has zero in it, and zero is exact', () => {
    expect(uint8Scale('a', { low: 1, high: 3 })).toEqual({ scale: Math.fround(3 / 255), zeroPoint: 0 });
    expect(uint8Scale('a', { low: -3, high: -1 })).toEqual({ scale: Math.fround(3 / 255), zeroPoint: 255 });
    expect(uint8Scale('a', { low: -1, high: 3 }).zeroPoint).toBe(64);
    expect(uint8Scale('a', { low: 0, high: 0 })).toEqual({ scale: 1, zeroPoint: 0 });
  });

  it('is refused when it is not finite', () => {
    expect(() => uint8Scale('layer.3', { low: NaN, high: 1 })).toThrow('layer.3 is not finite');
    expect(() => uint8Scale('a', { low: 0, high: Infinity })).toThrow('not finite');
  });
});

describe('names of layers to leave out', () => {
  const names = ['/bert/encoder/layer.0/query/MatMul', '/bert/encoder/layer.10/query/MatMul', 'a+b'];

  it('may have * and ?, and every other character stands for itself', () => {
    const chosen = (...globs: string[]): string[] => [...selectNames(names, globs).chosen];
    expect(chosen('*/layer.?/*')).toEqual([names[0]]);
    expect(chosen('*query*')).toEqual(names.slice(0, 2));
    expect(chosen('a+b', names[1] ?? '')).toEqual([names[1], 'a+b']);
    expect(chosen('query')).toEqual([]);
  });

  it('are told when they match none', () => {
    expect(selectNames(names, ['*', 'a?b?', 'layer']).unmatched).toEqual(['a?b?', 'layer']);
  });
});
