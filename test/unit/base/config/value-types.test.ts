import { describe, expect, it } from 'vitest';
import { trustedProxies } from '../../../../src/base/config/trust-proxy.js';
import {
  byteSize,
  decimal,
  duration,
  oneOf,
  text,
  trueOrFalse,
  wholeNumber,
  type Reading,
} from '../../../../src/base/config/value-types.js';

import { SETTING_NAMES, SETTINGS } from '../../../../src/base/config/settings.js';

/** The values that a sentence gives as examples. */
const examplesIn = (allowed: string): string[] =>
  [...allowed.matchAll(/(?:e\.g\.|such as|for example) ([^\s,;)]+)/g)].map(([, example]) => example ?? '');

const valueOf = <T>(reading: Reading<T>): T | undefined => ('value' in reading ? reading.value : undefined);

const NOT_NUMBERS = [
  '',
  ' ',
  'NaN',
  'Infinity',
  '1e3',
  '0x10',
  '0b1',
  '+5',
  '-5',
  '1_000',
  '1,5',
  '5ms',
  '٣',
  '.5',
];

describe('whole numbers', () => {
  const type = wholeNumber(0, 100);

  it.each([
    ['0', 0],
    ['007', 7],
    ['100', 100],
  ])('read the text %j as %d', (written, value) => {
    expect(valueOf(type.fromText(written))).toBe(value);
  });

  it.each([...NOT_NUMBERS, '1.5', '1.0', '101', '99999999999999999999'])('refuse the text %j', (written) => {
    expect(type.fromText(written)).toEqual({ problem: 'allowed is a whole number from 0 to 100, in digits' });
  });

  it.each([NaN, Infinity, 1.5, -1, 101, '5', true, null, [5]])('refuse %j in the file', (value) => {
    expect(valueOf(type.fromFile(value))).toBeUndefined();
  });

  it('accept YAML integers', () => {
    expect(valueOf(type.fromFile(5))).toBe(5);
  });
});

describe('decimals', () => {
  const type = decimal(0, 100);

  it.each([
    ['0', 0],
    ['0.5', 0.5],
    ['100', 100],
    ['100.0', 100],
  ])('read the text %j as %d', (written, value) => {
    expect(valueOf(type.fromText(written))).toBe(value);
  });

  it.each([...NOT_NUMBERS, '5.', '100.1', '5%'])('refuse the text %j', (written) => {
    expect(valueOf(type.fromText(written))).toBeUndefined();
  });

  it.each([NaN, Infinity, -0.1, 100.1, '5', true])('refuse %j in the file', (value) => {
    expect(valueOf(type.fromFile(value))).toBeUndefined();
  });
});

describe('sizes', () => {
  const type = byteSize(10, 1e12);

  it.each([
    ['1000', 1000],
    ['10B', 10],
    ['64 MB', 64_000_000],
    ['64MB', 64_000_000],
    ['64 MiB', 67_108_864],
    ['1.5 GB', 1_500_000_000],
    ['1 kB', 1000],
    ['1KiB', 1024],
  ])('read %j as %d bytes, in text and in the file', (written, bytes) => {
    expect(valueOf(type.fromText(written))).toBe(bytes);
    expect(valueOf(type.fromFile(written))).toBe(bytes);
  });

  it.each(['', '9', '64 mb', '64  MB', 'MB', '-1 MB', '1.3 B', '1e6', '2000 GB', '64 TB', '5 iB'])(
    'refuse %j',
    (written) => {
      expect(valueOf(type.fromText(written))).toBeUndefined();
      expect(valueOf(type.fromFile(written))).toBeUndefined();
    },
  );

  it('take plain numbers from the file, if whole', () => {
    expect(valueOf(type.fromFile(1000))).toBe(1000);
    expect(valueOf(type.fromFile(10.5))).toBeUndefined();
  });
});

describe('the other types', () => {
  it('booleans are true and false alone', () => {
    expect(valueOf(trueOrFalse().fromText('true'))).toBe(true);
    expect(valueOf(trueOrFalse().fromText('false'))).toBe(false);
    expect(valueOf(trueOrFalse().fromFile(false))).toBe(false);
    for (const written of ['TRUE', 'yes', '1', 'on', '']) {
      expect(valueOf(trueOrFalse().fromText(written))).toBeUndefined();
      expect(valueOf(trueOrFalse().fromFile(written))).toBeUndefined();
    }
  });

  it('names are those of the list', () => {
    const type = oneOf('info', 'warn');
    expect(valueOf(type.fromText('warn'))).toBe('warn');
    expect(type.fromText('WARN')).toEqual({ problem: 'allowed is one of info, warn' });
  });

  it('text matches its pattern', () => {
    const type = text('letters', /^[a-z]+$/);
    expect(valueOf(type.fromFile('ab'))).toBe('ab');
    expect(valueOf(type.fromFile(5))).toBeUndefined();
    expect(type.fromText('a b')).toEqual({ problem: 'allowed is letters' });
  });

  it.each([
    ['1', 1],
    ['32', 32],
    ['loopback', 'loopback'],
    ['10.0.0.0/8, ::1,uniquelocal', '10.0.0.0/8,::1,uniquelocal'],
    ['2001:db8::/32', '2001:db8::/32'],
  ])('trusted proxies read %j', (written, value) => {
    expect(valueOf(trustedProxies.fromText(written))).toBe(value);
  });

  it.each(['true', '0', '33', '10.0.0.0/33', '10.0.0.0/8/8', 'proxy.example', '10.0.0', ''])(
    'trusted proxies refuse %j',
    (written) => {
      expect(valueOf(trustedProxies.fromText(written))).toBeUndefined();
    },
  );

  it('trusted proxies in the file may be a number', () => {
    expect(valueOf(trustedProxies.fromFile(2))).toBe(2);
    expect(valueOf(trustedProxies.fromFile(true))).toBeUndefined();
  });
});

describe('the sentence about the allowed values', () => {
  it.each([
    [0, 100],
    [0, 1],
    [0.000001, 0.1],
    [0.1, 0.2],
    [0, 1e12],
    [50, 60],
  ])('of a decimal from %d to %d gives an example that is allowed', (min, max) => {
    const type = decimal(min, max);
    const [example = ''] = examplesIn(type.allowed);
    expect(type.fromText(example)).toEqual({ value: Number(example) });
  });

  it.each([
    [1, 6e8],
    [1, 59_999],
    [1, 500],
    [7_200_000, 9e9],
    [7_200_001, 9e9],
  ])('of a time from %d to %d ms gives an example that is allowed', (min, max) => {
    const type = duration(min, max);
    const [example = ''] = examplesIn(type.allowed);
    expect(type.fromText(example)).toHaveProperty('value');
  });

  it.each(SETTING_NAMES)('of %s gives no example that is refused', (name) => {
    const { type } = SETTINGS[name];
    const examples = examplesIn(type.allowed);
    expect(examples.filter((example) => !('value' in type.fromText(example)))).toEqual([]);
    // Nor is the default refused.
    const { default: preset, defaultText } = SETTINGS[name];
    if (preset !== undefined && typeof preset !== 'object')
      expect(type.fromText(defaultText)).toEqual({ value: preset });
  });
});
