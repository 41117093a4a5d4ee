import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/base/errors/app-error.js';
import { batchTimeoutOf, timeoutOf, wantedMsFrom } from '../../../../src/service/http/deadline.js';
import { newSpanId, requestIdFrom, traceParentFrom } from '../../../../src/service/request/request-ids.js';

describe('request ids', () => {
  it.each(['a', 'A-b_c.d:9', 'x'.repeat(128)])('%s is kept', (id) => {
    expect(requestIdFrom(id)).toBe(id);
  });

  it.each([undefined, '', 'x'.repeat(129), 'a b', 'ä', 'a\nb', 'a,b', ['a', 'b']])('%j is replaced', (id) => {
    expect(requestIdFrom(id)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('are new each time, beyond what is drawn at once', () => {
    const ids = Array.from({ length: 2_000 }, () => requestIdFrom(undefined));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  });
});

describe('span ids', () => {
  it('are 16 hexadecimal digits, new each time, beside request ids of the same pool', () => {
    const ids = Array.from({ length: 2_000 }, (_, i) => {
      if (i % 3 === 0) requestIdFrom(undefined);
      return newSpanId();
    });
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
  });
});

describe('trace ids', () => {
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
  it.each([`00-${TRACE}-00f067aa0ba902b7-01`, `cc-${TRACE}-00f067aa0ba902b7-01-what-the-future-brings`])(
    'of %s',
    (header) => {
      expect(traceParentFrom(header)).toEqual({
        traceId: TRACE,
        parentSpanId: '00f067aa0ba902b7',
        flags: '01',
      });
    },
  );

  it.each([
    undefined,
    '',
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-01x`,
    `00-${TRACE}-00f067aa0ba902b7-01-version-00-has-no-more`,
    `00-${TRACE}-00f067aa0ba902b7-01-`,
    `cc-${TRACE}-00f067aa0ba902b7-01.what-the-future-brings`,
    `00-${TRACE}-00f067aa0ba902b7-0`,
    `00-${TRACE}-00f067aa0ba902b7-0g`,
    [`00-${TRACE}-00f067aa0ba902b7-01`],
  ])('there is none in %s', (header) => {
    expect(traceParentFrom(header)).toBeNull();
  });
});

describe('deadlines', () => {
  it('are the service’s unless the client asks for less', () => {
    expect(
      [undefined, '100', '2000', '9999999'].map((header) => timeoutOf(wantedMsFrom(header), 2000)),
    ).toEqual([2000, 100, 2000, 2000]);
  });

  it.each([
    [null, 0, 2_000],
    [null, 1_000, 4_000],
    [null, 9_000, 8_000],
    [100, 1_000, 100],
    [5_000, 10, 5_000],
    [60_000, 10, 8_000],
  ])('of several texts: asked for %j ms, %j ms of work: %j ms', (wantedMs, aloneMs, expected) => {
    const limits = { requestTimeoutMs: 2_000, batchTimeoutMaxMs: 8_000 };
    expect(batchTimeoutOf(wantedMs, () => aloneMs, limits)).toBe(expected);
  });

  it.each(['', '0', '-1', '1.5', '1e3', ' 5', 'soon', '0x10', '9'.repeat(16), ['1', '2']])(
    '%j is refused',
    (header) => {
      expect(() => wantedMsFrom(header)).toThrow(
        expect.objectContaining({
          code: 'INVALID_REQUEST',
          errors: [{ field: 'x-deadline-ms', message: expect.any(String) as string }],
        }) as AppError,
      );
    },
  );
});
