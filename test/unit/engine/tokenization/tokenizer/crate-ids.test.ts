import { describeIds, describeTime, readFixture } from './crate-families.js';

const fixture = readFixture('crate-ids/crate-ids.json');

/** Each has another way to make words. */
const TIMED = ['RoBERTa', 'GPT-4o', 'BPE with bytes for the unknown', 'WordPiece, contiguous'];

describeIds(fixture);

describeTime(
  fixture.families.filter(({ name }) => TIMED.includes(name)),
  [
    ['one letter', 'a'],
    ['letters in turn', 'aA'],
    ['spaces', ' '],
    ['line ends and spaces', '  \n'],
    ['ideographs', '日'],
    ['emoji', '😀'],
    ['marks', 'e\u0301\u0327'],
    ['apostrophes', "'s'"],
    ['digits', '1'],
    ['added tokens', '<mask> '],
  ],
);
