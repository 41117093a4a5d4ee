import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { DistinctTexts } from '../corpus/distinct-texts.js';

/** Lines that are made and written at a time. */
const CHUNK_LINES = 1_000;

/** Writes a JSON Lines file of so many sentences, none of which has been used before in this run. */
export async function writeCorpus(path: string, texts: DistinctTexts, lines: number): Promise<void> {
  const file = createWriteStream(path);
  for (let written = 0; written < lines; written += CHUNK_LINES) {
    const chunk = texts.take(Math.min(CHUNK_LINES, lines - written));
    const content = chunk.map((text, i) => `${JSON.stringify({ id: written + i + 1, text })}\n`).join('');
    if (!file.write(content)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}
