import { describe, expect, it } from 'vitest';
import { nothingLeft, textError } from '../../../src/engine/text.js';

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

describe('nothingLeft', () => {
  it('names the field and says that the tokenizer left nothing of it', () => {
    const message = "must have a character that the model reads; the model's tokenizer drops all of these";
    expect(nothingLeft('texts.3')).toMatchObject({
      code: 'EMPTY_TEXT',
      message: `texts.3 ${message}.`,
      errors: [{ field: 'texts.3', message }],
    });
  });
});
