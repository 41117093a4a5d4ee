import { codePointTable } from './code-points.js';
import { clusterEnd } from './grapheme-clusters.js';

/** The crate looks up a grapheme cluster as a whole when it has fewer bytes of UTF-8. */
const WHOLE_BELOW_BYTES = 6;
/** No character below joins another one, but for the line feed of CR LF. */
const FIRST_JOINER = 0x300;
const CR = 0x0d;

const KEEP = 1;
const REPLACE = 2;

/**
 * The Precompiled normalizer of the Rust crate: the rules of a SentencePiece model, `precompiled_charsmap`. These are the
 * length of a double array in bytes, the array, and the replacements, each ended by a 0. (See Darts-clone for the bits
 * of a unit.)
 *
 * The crate reads the text by grapheme clusters. The shortest rule that begins a short cluster replaces all of it; the
 * characters of other clusters are replaced one by one. SentencePiece itself takes the longest rule, but the models are
 * used with the crate's ids.
 */
export class Precompiled {
  private readonly units: Uint32Array;
  private readonly replacements: Uint8Array;
  private readonly effects = codePointTable();
  private readonly ofCodePoint = new Map<number, string>();

  /** @throws Error when `charsmap`, in base64, is not such a map. */
  constructor(charsmap: string) {
    const bytes = Buffer.from(charsmap, 'base64');
    const size = bytes.length < 4 ? 0 : bytes.readUInt32LE(0);
    if (size === 0 || size + 4 > bytes.length) {
      throw new Error('tokenizer.json: precompiled_charsmap is cut off');
    }
    this.units = new Uint32Array(Math.floor(size / 4));
    for (let i = 0; i < this.units.length; i++) this.units[i] = bytes.readUInt32LE(4 + 4 * i);
    this.replacements = Uint8Array.from(bytes.subarray(4 + 4 * this.units.length));
  }

  normalize(text: string): string {
    let out = '';
    let keptFrom = 0;
    const replace = (start: number, end: number, by: string): void => {
      out += text.slice(keptFrom, start) + by;
      keptFrom = end;
    };
    for (let at = 0; at < text.length;) {
      const start = at;
      at = this.endOf(text, start);
      const isOne = at - start === 1 || (at - start === 2 && (text.codePointAt(start) ?? 0) > 0xffff);
      if (!isOne && at - start < WHOLE_BELOW_BYTES) {
        const cluster = Buffer.from(text.slice(start, at));
        const whole = cluster.length < WHOLE_BELOW_BYTES ? this.lookUp(cluster) : null;
        if (whole !== null) {
          replace(start, at, whole);
          continue;
        }
      }
      for (let i = start; i < at; i++) {
        const codePoint = text.codePointAt(i) ?? 0;
        const end = i + (codePoint > 0xffff ? 2 : 1);
        if (this.effectOf(codePoint) === REPLACE) replace(i, end, this.ofCodePoint.get(codePoint) ?? '');
        i = end - 1;
      }
    }
    return keptFrom === 0 ? text : out + text.slice(keptFrom);
  }

  private endOf(text: string, start: number): number {
    const code = text.charCodeAt(start);
    // Most clusters are one character, and need no tables.
    if (code < FIRST_JOINER && code !== CR) {
      const next = text.charCodeAt(start + 1);
      if (next < FIRST_JOINER || Number.isNaN(next)) return start + 1;
    }
    return clusterEnd(text, start);
  }

  private effectOf(codePoint: number): number {
    const known = this.effects[codePoint];
    if (known !== undefined && known !== 0) return known;
    const replacement = this.lookUp(Buffer.from(String.fromCodePoint(codePoint)));
    const effect = replacement === null ? KEEP : REPLACE;
    if (replacement !== null) this.ofCodePoint.set(codePoint, replacement);
    this.effects[codePoint] = effect;
    return effect;
  }

  /** The replacement of the shortest rule that `key` begins with; null when there is none. */
  private lookUp(key: Uint8Array): string | null {
    let unit = this.units[0] ?? 0;
    let node = offsetOf(unit);
    for (const byte of key) {
      if (byte === 0) return null;
      node ^= byte;
      unit = this.units[node] ?? 0;
      if ((unit & 0x800000ff) !== byte) return null;
      node ^= offsetOf(unit);
      if ((unit & 0x100) !== 0) return this.replacementAt((this.units[node] ?? 0) & 0x7fffffff);
    }
    return null;
  }

  private replacementAt(start: number): string {
    const end = this.replacements.indexOf(0, start);
    return Buffer.from(this.replacements.subarray(start, end < 0 ? undefined : end)).toString();
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
