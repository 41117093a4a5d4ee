// Called by tokenizer_families.py: compares the ids of Serin with those that it wrote, and prints the table.
import { readFileSync } from 'node:fs';
import { TextTokenizer } from '../dist/engine/tokenization/text-tokenizer.js';

const [out, exporter, ...families] = process.argv.slice(2);
const texts = JSON.parse(readFileSync(`${out}/texts.json`, 'utf8'));
let differences = 0;
for (let i = 0; i < families.length; i += 2) {
  const [name, file] = families.slice(i, i + 2);
  const files = {
    tokenizerJson: readFileSync(`${out}/${file}/tokenizer.json`),
    tokenizerConfigJson: '{}',
  };
  const expected = JSON.parse(readFileSync(`${out}/ids/${file}.json`, 'utf8'));
  let equal = 0;
  let shown = 0;
  const sides = await Promise.all(
    ['right', 'left'].map(async (truncationSide) => ({
      truncationSide,
      tokenizer: await TextTokenizer.fromFiles(files, { maxTokens: 512, truncationSide }),
    })),
  );
  texts.forEach((text, at) => {
    const isEqual = sides.every(({ truncationSide, tokenizer }) => {
      const found = tokenizer.encode(text).ids.join(' ');
      const wanted = expected[truncationSide][at].join(' ');
      if (found !== wanted && shown++ < 5) {
        console.error(
          name,
          truncationSide,
          JSON.stringify(text.slice(0, 80)),
          `\n  ${wanted.slice(0, 300)}\n  ${found.slice(0, 300)}`,
        );
      }
      return found === wanted;
    });
    if (isEqual) equal++;
  });
  differences += texts.length - equal;
  console.log(`| ${name} | ${exporter} | ${texts.length} | ${equal} |`);
}
process.exitCode = differences === 0 ? 0 : 1;
