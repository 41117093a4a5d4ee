import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/base/config/load-config.js';
import type { RolloutInForce } from '../../../../src/rollout/rollout-in-force.js';
import { RolloutsInForce } from '../../../../src/service/in-force/rollouts-in-force.js';
import { ROOT } from '../../../support/repository.js';

const table = (): RolloutsInForce => new RolloutsInForce(loadConfig({ cwd: ROOT, env: {} }));

const candidate = (version: string, digest = ''): RolloutInForce['stable'] => ({
  version: { version, digest },
  policy: null,
  digest,
});

const CONFIGURED = {
  stable: candidate('v1'),
  answering: candidate('v1'),
  canary: candidate('v2'),
  lastGood: null,
  percent: 0,
  shadow: false,
};

const ofSentiment = (inForce: RolloutsInForce): RolloutInForce => {
  const now = inForce.of('sentiment');
  if (now === undefined) throw new Error('sentiment has nothing in force');
  return now;
};

describe('RolloutsInForce', () => {
  it('begins as the file says, and the canary gets nothing until a state has been read', () => {
    expect(
      table()
        .all()
        .map(({ model }) => model),
    ).toEqual(['sentiment']);
    expect(table().of('sentiment')).toMatchObject(CONFIGURED);
  });

  it('has nothing in force for a model without a stable version', () => {
    const inForce = table();
    expect([inForce.of('constructor'), inForce.of('nobody')]).toEqual([undefined, undefined]);
  });

  it('tells subscribers what has changed, until they stop', () => {
    const inForce = table();
    const heard: (RolloutInForce | undefined)[] = [];
    const stop = inForce.subscribe((now, before) => heard.push(now, before));
    const promoted: RolloutInForce = {
      ...ofSentiment(inForce),
      stable: candidate('v2'),
      answering: candidate('v2'),
      canary: null,
      lastGood: candidate('v1'),
    };
    inForce.publish(promoted);
    expect(heard).toEqual([promoted, expect.objectContaining(CONFIGURED)]);
    expect(inForce.of('sentiment')).toBe(promoted);
    stop();
    inForce.publish({ ...promoted, lastGood: null });
    expect(heard).toHaveLength(2);
    expect(ofSentiment(inForce).lastGood).toBeNull();
  });

  it('publishes nothing when nothing has changed, and each single change once', () => {
    const inForce = table();
    let changes = 0;
    inForce.subscribe(() => changes++);
    const first = ofSentiment(inForce);
    // As new as a tick makes it: equal, and no object of it the same.
    inForce.publish(structuredClone(first));
    expect([changes, inForce.of('sentiment') === first]).toEqual([0, true]);

    const policy = { name: 'a', digest: 'a'.repeat(64) };
    const each: Partial<RolloutInForce>[] = [
      { revision: 1 },
      { rolloutId: 'r1' },
      { phase: 'running' },
      { stable: candidate('v1', 'd1') },
      { answering: candidate('v3') },
      { canary: null },
      { canary: { ...candidate('v2'), policy, digest: 'both' } },
      { lastGood: candidate('v0') },
      { percent: 5 },
      { shadow: true },
      { rolledBack: [candidate('v9')] },
      { comparison: { ...first.comparison, samplePercent: 1 } },
      { comparison: { ...first.comparison, budgetPercent: 1 } },
    ];
    for (const change of each) {
      inForce.publish({ ...first, ...change });
      inForce.publish(structuredClone({ ...first, ...change }));
      inForce.publish(first);
    }
    expect(changes).toBe(2 * each.length);
  });
});
