import { describe, expect, it } from 'vitest';
import { truncationSideOf } from '../../../../src/engine/tokenization/truncation-side.js';

const LEFT = { direction: 'Left', max_length: 12, strategy: 'OnlySecond', stride: 3 };
const RIGHT = { ...LEFT, direction: 'Right' };

describe('the side on which a long text is cut', () => {
  // Each row as transformers 4.57.6 and 5.24.0 cut.
  it.each([
    [null, undefined, 'right'],
    [null, 'left', 'left'],
    [null, 'right', 'right'],
    [LEFT, undefined, 'left'],
    [LEFT, 'left', 'left'],
    [LEFT, 'right', 'right'],
    [RIGHT, undefined, 'right'],
    [RIGHT, 'left', 'left'],
    [RIGHT, 'right', 'right'],
    [undefined, undefined, 'right'],
  ])('is the one of Python for truncation %j and truncation_side %j', (truncation, side, expected) => {
    const config = side === undefined ? {} : { truncation_side: side };
    expect(truncationSideOf({ truncation }, config).side).toBe(expected);
  });
});
