import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Client, type Right, RIGHTS } from '../../../../../src/base/config/clients.js';
import type { Choice } from '../../../../../src/service/request/caller.js';
import { Access } from '../../../../../src/service/http/access/access.js';

const clientOf = (name: string, key: string, rights: readonly Right[] = RIGHTS): Client => ({
  ...{ name, rights, weight: 1 },
  sha256: createHash('sha256').update(key).digest('hex'),
});
const clients = [clientOf('one', 'k1')];
const OPEN = { clients: [], rateLimitPerS: null, rateLimitBurst: null, maxTexts: 256 };

describe('access', () => {
  it('is open to everybody when nothing is configured', () => {
    const access = new Access(OPEN, null);
    expect([access.isOpen, access.limitsRate]).toEqual([true, false]);
    expect([access.authenticate(undefined), access.admit('address:a')]).toEqual([null, null]);
  });

  it('knows a client by the name of its key, and says what is wrong with any other', () => {
    const access = new Access({ ...OPEN, clients }, null);
    expect([access.isOpen, access.authenticate('k1')]).toEqual([false, 'one']);
    for (const key of [undefined, 'k2']) {
      expect(access.authenticate(key)).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('gives a client the rights of its list alone, and says what a request may do instead', () => {
    const { rights } = new Access(
      { ...OPEN, clients: [...clients, clientOf('few', 'k2', ['version']), clientOf('none', 'k3', [])] },
      null,
    );
    const lacked = (name: string | null): Right[] =>
      RIGHTS.filter((right) => rights.refusal(name, right) !== null);
    expect([lacked('one'), lacked(null)]).toEqual([[], []]);
    expect(lacked('few')).toEqual(['no-cache', 'routing-key', 'feedback']);
    expect(lacked('none')).toEqual([...RIGHTS]);
    for (const right of RIGHTS) {
      const refusal = rights.refusal('none', right);
      expect(refusal?.code).toBe('FORBIDDEN');
      expect(refusal?.message).toMatch(
        new RegExp(`lacks the right \`${right}\`: it may not .+\\. \\w.+\\.$`),
      );
    }
  });

  it('finds the right that a choice uses, and none in a choice that leaves all to the service', () => {
    const { rights } = new Access({ ...OPEN, clients: [clientOf('none', 'k1', [])] }, null);
    const wanted = (choice: Choice): string | undefined =>
      /`([a-z-]+)`/.exec(rights.refusalOf('none', choice)?.message ?? '')?.[1];
    expect(wanted({ version: 'v1' })).toBe('version');
    expect(wanted({ refresh: true })).toBe('no-cache');
    expect(wanted({ routingKey: 'anna' })).toBe('routing-key');
    for (const choice of [{}, { model: 'sentiment' }, { refresh: false }, { routingKey: '' }]) {
      expect(rights.refusalOf('none', choice)).toBeNull();
    }
    expect(rights.refusalOf(null, { version: 'v1', refresh: true, routingKey: 'anna' })).toBeNull();
  });

  it('counts each client on its own, with a burst of a second’s texts where none is configured', () => {
    const access = new Access({ ...OPEN, rateLimitPerS: 0.5 }, null);
    expect([access.isOpen, access.limitsRate]).toEqual([false, true]);
    expect(access.admit('key:one')).toBeNull();
    const refusal = access.admit('key:one');
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
    expect(refusal?.retryAfterMs).toBeGreaterThan(1_900);
    expect(access.admit('key:two')).toBeNull();
  });

  it('charges a request for all its texts, and refuses the next one with the time until one text may come', () => {
    const access = new Access({ ...OPEN, rateLimitPerS: 5, rateLimitBurst: 5 }, null);
    expect(access.admit('key:one')).toBeNull();
    access.charge('key:one', 256);
    const refusal = access.admit('key:one');
    expect(refusal?.message).toBe('This client has sent more texts than it may: 5 per second, 5 at once.');
    // 5 tokens less 256 are 251 below zero, and one more is needed.
    expect(refusal?.retryAfterMs).toBeGreaterThan(50_300);
    expect(refusal?.retryAfterMs).toBeLessThanOrEqual(50_400);
    expect(access.admit('key:two')).toBeNull();
  });

  it('charges a request with one text, or none, no more than its admission', () => {
    const access = new Access({ ...OPEN, rateLimitPerS: 0.001, rateLimitBurst: 3 }, null);
    for (const texts of [1, 0, 1]) {
      expect(access.admit(null)).toBeNull();
      access.charge(null, texts);
    }
    expect(access.admit(null)?.code).toBe('RATE_LIMITED');
    new Access(OPEN, null).charge('key:one', 256);
  });
});
