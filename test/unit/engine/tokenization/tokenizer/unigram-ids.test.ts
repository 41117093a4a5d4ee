import { describeIds, describeTime, readFixture } from './crate-families.js';

const fixture = readFixture('unigram-ids/unigram-ids.json');

describeIds(fixture);

describeTime(
  fixture.families.filter(({ name }) => ['ALBERT', 'T5 with legacy=False'].includes(name)),
  [
    ['one letter', 'a'],
    ['spaces', ' '],
    ['unknown characters', '日'],
    ['marks', 'e\u0301\u0327'],
    ['joiners', '\u200d'],
  ],
);
