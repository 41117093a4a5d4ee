import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textError, wellFormed } from '../../../src/predict/text.js';

describe('textError', () => {
  it.each([
    '',
    ' ',
    '\t\n\v\f\r',
    '\u0085',
    '\u00a0',
    '\u1680',
    '\u2000\u200a',
    '\u2028\u2029',
    '\u202f\u205f\u3000',
    '\ufeff',
  ])('calls %j empty', (text) => {
    expect(textError(text, 'texts.3')).toMatchObject({ code: 'EMPTY_TEXT', errors: [{ field: 'texts.3' }] });
  });

  it.each(['a', ' a ', '.', '\u200b', '\0', '\ud800', '\ufffd', '🙂'])('has nothing against %j', (text) => {
    expect(textError(text, 'text')).toBeNull();
  });

  it.each([1, null, undefined, true, [], {}, ['a']])('calls %j no string', (value) => {
    expect(textError(value, 'text')).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ field: 'text', message: 'must be a string' }],
    });
  });
});

describe('wellFormed', () => {
  it('does what toWellFormed does, to any string', () => {
    const unit = fc.integer({ min: 0xd7f0, max: 0xe010 }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.array(fc.oneof(unit, fc.string({ unit: 'binary' }))), (parts) => {
        const text = parts.join('');
        expect(wellFormed(text)).toBe((text as unknown as { toWellFormed: () => string }).toWellFormed());
      }),
    );
  });
});
