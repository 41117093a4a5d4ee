import type { Screen } from './screen.js';
import { wrapText } from './wrap.js';

const NAME = 'serin: ';

/** A sentence of a command to the person who runs it, or several lines of it. */
export function messageText(sentence: string, screen: Screen): string {
  const [first = '', ...more] = sentence.split('\n');
  return [
    wrapText(NAME + first, screen, NAME.length),
    ...more.map((line) => wrapText(line, screen, 4)),
    '',
  ].join('\n');
}
