import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Access } from '../../../../../src/service/http/access/access.js';

const apiKeys = [{ name: 'one', sha256: createHash('sha256').update('k1').digest('hex') }];
const OPEN = { apiKeys: [], rateLimitPerS: null, rateLimitBurst: null };

describe('access', () => {
  it('is open to everybody when nothing is configured', () => {
    const access = new Access(OPEN, null);
    expect([access.isOpen, access.limitsRate]).toEqual([true, false]);
    expect([access.authenticate(undefined), access.admit('address:a')]).toEqual([null, null]);
  });

  it('knows a client by the name of its key, and says what is wrong with any other', () => {
    const access = new Access({ ...OPEN, apiKeys }, null);
    expect([access.isOpen, access.authenticate('k1')]).toEqual([false, 'one']);
    for (const key of [undefined, 'k2']) {
      expect(access.authenticate(key)).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('counts each client on its own, with a burst of a second’s requests where none is configured', () => {
    const access = new Access({ ...OPEN, rateLimitPerS: 0.5 }, null);
    expect([access.isOpen, access.limitsRate]).toEqual([false, true]);
    expect(access.admit('key:one')).toBeNull();
    const refusal = access.admit('key:one');
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
    expect(refusal?.retryAfterMs).toBeGreaterThan(1_900);
    expect(access.admit('key:two')).toBeNull();
  });
});
