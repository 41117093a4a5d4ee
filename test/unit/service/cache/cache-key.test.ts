import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asksForFreshAnswer } from '../../../../src/service/cache/cache-control.js';
import { cacheKeyOf } from '../../../../src/service/cache/cache-key.js';
import { redisKey } from '../../../../src/service/cache/redis-key.js';
import { FIRST_WINDOW } from '../../../../src/engine/view.js';
import type { ModelVersion } from '../../../../src/registry/model-version.js';
import { wellFormed } from '../../../../src/engine/tokenization/text-tokenizer.js';

const version = (digest: string): ModelVersion => ({ model: 'm', version: 'v1', digest }) as ModelVersion;
const DIGESTS = ['a'.repeat(64), 'b'.repeat(64)] as const;

describe('the key of an answer', () => {
  it('is stable: what another process, or an earlier one, wrote is found', () => {
    // printf 'serin/2\n%s\n%s' "$(printf 'a%.0s' {1..64})" 'naïve' | sha256sum
    const id = '25038ee6b333d2281d23db43e7157c422b63faca8da883fa34ca10c1f5acd5ab';
    const asked = version(DIGESTS[0]);
    const key = cacheKeyOf(asked, 'naïve');
    expect(key).toEqual({ id, version: asked });
    expect(key.version).toBe(asked);
    expect(redisKey(key)).toBe(`serin:cache:1:m:${DIGESTS[0]}:${id}`);
    expect(cacheKeyOf(asked, 'naïve', FIRST_WINDOW).id).toBe(id);
  });

  it('is another one for every other text and every other version, and the same for the same', () => {
    const text = fc.string({ unit: 'binary' }).map(wellFormed);
    const digest = fc.constantFrom(...DIGESTS);
    fc.assert(
      fc.property(text, digest, text, digest, (text1, digest1, text2, digest2) => {
        const same = text1 === text2 && digest1 === digest2;
        expect(cacheKeyOf(version(digest1), text1).id === cacheKeyOf(version(digest2), text2).id).toBe(same);
      }),
    );
  });

  it('is another one for every view of a text', () => {
    const view = fc.oneof(
      fc.constant(FIRST_WINDOW),
      fc.record({ windows: fc.constant('all' as const), max: fc.integer({ min: 1, max: 64 }) }),
    );
    const text = fc.string({ unit: 'binary', maxLength: 4 }).map(wellFormed);
    const asked = version(DIGESTS[0]);
    fc.assert(
      fc.property(text, view, text, view, (text1, view1, text2, view2) => {
        const same = text1 === text2 && view1.windows === view2.windows && view1.max === view2.max;
        expect(cacheKeyOf(asked, text1, view1).id === cacheKeyOf(asked, text2, view2).id).toBe(same);
      }),
    );
    // printf 'serin/2 all 8\n%s\n%s' "$(printf 'a%.0s' {1..64})" 'naïve' | sha256sum
    expect(cacheKeyOf(asked, 'naïve', { windows: 'all', max: 8 }).id).toBe(
      '20ee44b68963f1599a2ed2e16734112ec0f7cc9efb8c677aa1dc478558f35b0f',
    );
  });

  it.each([
    ['', '\n'],
    ['a', 'a '],
    ['a\n', 'a'],
    ['é', 'e\u0301'],
    ['\0', ''],
  ])('%j is not %j', (a, b) => {
    expect(cacheKeyOf(version(DIGESTS[0]), a).id).not.toBe(cacheKeyOf(version(DIGESTS[0]), b).id);
  });
});

describe('Cache-Control of a request', () => {
  it.each([
    'no-cache',
    'No-Cache',
    ' no-cache ',
    'max-age=0, no-cache',
    'no-cache, foo',
    'foo,no-cache',
    'x="a,b", no-cache',
    'no-cache="set-cookie"',
  ])('%j asks for a fresh answer', (header) => {
    expect(asksForFreshAnswer(header)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'no-cache-please',
    'xno-cache',
    'no-store',
    'max-age=0',
    'x="no-cache"',
    'x="a, no-cache, b"',
    'x="\\", no-cache"',
  ])('%j does not', (header) => {
    expect(asksForFreshAnswer(header)).toBe(false);
  });
});
