/**
 * The character that stands for each byte in a byte-level vocabulary (GPT-2's table): a printable byte of Latin-1 is
 * itself, the others are U+0100 and the characters after it.
 */
const characters = ((): readonly string[] => {
  let free = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(isPrintable ? byte : free++);
  });
})();

const ONLY_THEMSELVES = /^[!-~]*$/;

/** The bytes of a text's UTF-8, each as its character. */
export function byteCharacters(text: string): string {
  if (ONLY_THEMSELVES.test(text)) return text;
  let out = '';
  for (const byte of Buffer.from(text)) out += characters[byte] ?? '';
  return out;
}
