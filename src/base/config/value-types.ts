/** A value that was read, or a sentence with the allowed values. */
export type Reading<T> = { readonly value: T } | { readonly problem: string };

/**
 * The format of a setting. The command line and the environment give text. The file gives YAML types, so a quoted
 * number in it is text and therefore invalid.
 */
export interface ValueType<T> {
  /** The allowed values, as the end of "… is "abc": allowed is". */
  readonly allowed: string;
  fromText(text: string): Reading<T>;
  fromFile(value: unknown): Reading<T>;
}

/** A type whose text form and file form differ only in how the value is found. */
function valueType<T>(
  allowed: string,
  find: { text: (text: string) => T | undefined; file: (value: unknown) => T | undefined },
): ValueType<T> {
  const reading = (value: T | undefined): Reading<T> =>
    value === undefined ? { problem: `allowed is ${allowed}` } : { value };
  return {
    allowed,
    fromText: (text) => reading(find.text(text)),
    fromFile: (value) => reading(find.file(value)),
  };
}

const within = (value: number, min: number, max: number): number | undefined =>
  value >= min && value <= max ? value : undefined;

/**
 * A whole number in digits only: `1e3`, `0x10` and `+5` are refused, because people do not write a port or a limit like
 * that.
 */
export function wholeNumber(min: number, max: number): ValueType<number> {
  return valueType(`a whole number from ${String(min)} to ${String(max)}, in digits`, {
    text: (text) => (/^\d{1,15}$/.test(text) ? within(Number(text), min, max) : undefined),
    file: (value) => (Number.isInteger(value) ? within(value as number, min, max) : undefined),
  });
}

/** The first of the values that lies in the range; the least allowed value when none does. */
const exampleOf = (min: number, max: number, ...values: readonly number[]): number =>
  values.find((value) => value >= min && value <= max) ?? min;

/** A decimal number such as `12.5`, without exponent. */
export function decimal(min: number, max: number): ValueType<number> {
  const example = exampleOf(min, max, 12.5, 0.25, 0.05);
  return valueType(`a number from ${String(min)} to ${String(max)}, e.g. ${String(example)}`, {
    text: (text) => (/^\d{1,15}(\.\d{1,15})?$/.test(text) ? within(Number(text), min, max) : undefined),
    file: (value) => (typeof value === 'number' ? within(value, min, max) : undefined),
  });
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

function readBytes(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([kKMG]i?B|B)?$/.exec(text);
  const factor = UNIT_BYTES[match?.[2] ?? 'B'];
  if (!match || factor === undefined) return undefined;
  const bytes = Number(match[1]) * factor;
  return Number.isInteger(bytes) ? bytes : undefined;
}

/** A size in bytes: a plain number, or one with a unit (`64 MB` is 64,000,000, `64 MiB` is 67,108,864). */
export function byteSize(min: number, max: number): ValueType<number> {
  const find = (text: string): number | undefined => within(readBytes(text) ?? NaN, min, max);
  return valueType(
    `a size from ${String(min)} to ${String(max)} bytes, as a plain number or with kB, MB, GB, KiB, MiB or GiB`,
    {
      text: find,
      file: (value) => {
        if (typeof value === 'string') return find(value);
        return Number.isInteger(value) ? within(value as number, min, max) : undefined;
      },
    },
  );
}

/** `true` or `false` only: `yes`, `1` and `on` are refused, because they are ambiguous. */
export function trueOrFalse(): ValueType<boolean> {
  return valueType('true or false', {
    text: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
    file: (value) => (typeof value === 'boolean' ? value : undefined),
  });
}

/** Text that matches the pattern; `allowed` describes the pattern in words. */
export function text(allowed: string, pattern: RegExp): ValueType<string> {
  const find = (value: string): string | undefined => (pattern.test(value) ? value : undefined);
  return valueType(allowed, {
    text: find,
    file: (value) => (typeof value === 'string' ? find(value) : undefined),
  });
}

export function oneOf<T extends string>(...names: readonly T[]): ValueType<T> {
  const find = (value: unknown): T | undefined => names.find((name) => name === value);
  return valueType(`one of ${names.join(', ')}`, { text: find, file: find });
}

/** Some of the names, in any order, separated by commas. */
export function someOf<T extends string>(...names: readonly T[]): ValueType<readonly T[]> {
  const find = (value: unknown): readonly T[] | undefined => {
    const parts = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : [];
    const found = names.filter((name) => parts.includes(name));
    return parts.length > 0 && found.length === new Set(parts).size ? found : undefined;
  };
  return valueType(`one or more of ${names.join(', ')}, separated by commas`, { text: find, file: find });
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function parseDurationMs(written: string): number | undefined {
  const [, digits, unit] = /^(\d{1,12}) ?(ms|s|m|h|d)$/.exec(written) ?? [];
  return digits === undefined ? undefined : Number(digits) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/**
 * A time with its unit, in milliseconds: `30m` is 1,800,000. A number without a unit is refused, because its unit would
 * be unclear.
 */
export function duration(minMs: number, maxMs: number): ValueType<number> {
  const ms = exampleOf(minMs, maxMs, UNIT_MS.m * 30, UNIT_MS.s);
  const example = ms % UNIT_MS.m === 0 ? `${String(ms / UNIT_MS.m)}m` : `${String(ms)}ms`;
  const allowed = `a time with its unit (ms, s, m, h or d) such as ${example}, from ${String(minMs)} ms to ${String(maxMs)} ms`;
  const read = (value: unknown): Reading<number> => {
    const ms = typeof value === 'string' ? parseDurationMs(value) : undefined;
    return ms !== undefined && ms >= minMs && ms <= maxMs
      ? { value: ms }
      : { problem: `allowed is ${allowed}` };
  };
  return { allowed, fromText: read, fromFile: read };
}
