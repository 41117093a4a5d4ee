import { expect, it } from 'vitest';
import { hasOwnStages } from '../../../../../src/engine/tokenization/tokenizer/pipeline.js';

it('the stages of a tokenizer are all Serin’s own, or the library is used', () => {
  const sequence = { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Nmt' }] };
  const metaspace = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'first' };
  const isExact = (parts: object): boolean =>
    hasOwnStages({ normalizer: null, model: { type: 'Unigram' }, ...parts });
  expect(isExact({ normalizer: sequence, pre_tokenizer: null })).toBe(true);
  expect(isExact({ normalizer: { type: 'ByteLevel' } })).toBe(false);
  expect(isExact({ model: { type: 'WordLevel' } })).toBe(false);
  expect(isExact({ pre_tokenizer: metaspace })).toBe(true);
  // The place of the first character in the original text is not known then.
  expect(isExact({ pre_tokenizer: metaspace, normalizer: { type: 'Strip', strip_left: true } })).toBe(false);
  expect(
    isExact({
      pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    }),
  ).toBe(false);
});
