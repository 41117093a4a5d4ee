import { StartError } from '../../base/errors/start-error.js';

/**
 * The encoding that a user named.
 * @returns null for UTF-8, which needs no decoding
 * @throws StartError when Node.js does not know it
 */
export function checkedEncoding(name: string): string | null {
  try {
    return new TextDecoder(name).encoding === 'utf-8' ? null : name.toLowerCase();
  } catch {
    throw new StartError(
      `--encoding is ${JSON.stringify(name)}: allowed are the names of the Encoding Standard, such as utf-8, windows-1252, latin1, utf-16 or shift_jis.`,
    );
  }
}

type Decoder = InstanceType<typeof TextDecoder>;

/** A byte order mark says what `utf-16` leaves open; without one it is little-endian, as the Encoding Standard says. */
function decoderFor(encoding: string, start: Buffer): Decoder {
  const isBigEndian = encoding === 'utf-16' && start[0] === 0xfe && start[1] === 0xff;
  // `fatal` for windows-1252 too, though nothing in it is wrong: without it Node.js 20 decodes ISO 8859-1 instead.
  return new TextDecoder(isBigEndian ? 'utf-16be' : encoding, { fatal: true });
}

/**
 * The same text in UTF-8, without a byte order mark at its beginning.
 * @throws TypeError with the code ERR_ENCODING_INVALID_ENCODED_DATA where the bytes are not of this encoding
 */
export async function* inUtf8(chunks: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  let decoder: Decoder | undefined;
  for await (const chunk of chunks) {
    decoder ??= decoderFor(encoding, chunk);
    const text = decoder.decode(chunk, { stream: true });
    if (text !== '') yield Buffer.from(text);
  }
  const rest = decoder?.decode() ?? '';
  if (rest !== '') yield Buffer.from(rest);
}
