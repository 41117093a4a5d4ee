import { describe, expect, it } from 'vitest';
import { sectionFingerprint, type SectionMeaning } from '../../../src/rollout/section-fingerprint.js';
import { DEFAULT_GATES, plainRollout, type RolloutConfig } from '../../../src/base/config/rollout-config.js';

const plain = plainRollout('v1', 'v2');
const meaning = (changes: Partial<RolloutConfig> = {}): SectionMeaning => ({
  config: { ...plain, ...changes },
  stableDigest: 'a'.repeat(64),
  canaryDigest: 'b'.repeat(64),
});
const ramp = meaning({
  mode: 'auto',
  percent: 1,
  gates: { ...DEFAULT_GATES, disagreement: 0.02, kpiDrop: null },
});

describe('the fingerprint of a section', () => {
  it('is another one for each thing that the section may ask for', () => {
    const others: SectionMeaning[] = [
      meaning(),
      ramp,
      meaning({ percent: 5 }),
      meaning({ percent: 5, mode: 'shadow' }),
      meaning({ canary: 'v3' }),
      meaning({ stable: 'v0' }),
      meaning({ steps: [{ percent: 1, holdMs: 1 }] }),
      meaning({ steps: [{ percent: 1, holdMs: 2 }] }),
      meaning({ steps: plain.steps.slice(0, 4) }),
      meaning({ steps: plain.steps.slice(1) }),
      meaning({ comparison: { ...plain.comparison, samplePercent: 50 } }),
      meaning({ comparison: { ...plain.comparison, budgetPercent: 50 } }),
      meaning({ gates: { ...DEFAULT_GATES, disagreement: 0.02 } }),
      meaning({ gates: { ...DEFAULT_GATES, disagreement: null } }),
      meaning({ gates: { ...DEFAULT_GATES, alpha: 0.02 } }),
      { ...meaning(), canaryDigest: 'c'.repeat(64) },
      { ...meaning(), canaryDigest: null },
      { ...meaning(), stableDigest: 'c'.repeat(64) },
    ];
    expect(new Set(others.map((other) => sectionFingerprint(other))).size).toBe(others.length);
  });

  it('stays the same when a release knows more keys, at any depth', () => {
    // What a later release would read from the same file, with the defaults that it would have.
    const later = <T extends RolloutConfig>(config: T): T => ({
      ...config,
      steps: config.steps.map((step) => ({ ...step, notify: 'nobody' })),
      notify: 'nobody',
      gates: { ...config.gates, memoryRatio: 1.5 },
      schedule: { days: [1, 2] },
    });
    for (const section of [meaning(), ramp, meaning({ steps: [{ percent: 7, holdMs: 7 }] })]) {
      const read = { ...section, config: later(section.config) };
      expect(sectionFingerprint(read, later(plain))).toBe(sectionFingerprint(section));
      const written = { ...read, config: { ...read.config, schedule: { days: [1] } } };
      expect(sectionFingerprint(written, later(plain))).not.toBe(sectionFingerprint(section));
    }
  });

  it('does not know the order of the keys', () => {
    const { stable, canary, ...rest } = ramp.config;
    const { alpha, ...gates } = rest.gates;
    const turned = { ...rest, gates: { alpha, ...gates }, canary, stable };
    expect(sectionFingerprint({ ...ramp, config: turned })).toBe(sectionFingerprint(ramp));
  });

  it('is what it was in every release: a new one would begin each running rollout anew', () => {
    expect(sectionFingerprint(meaning())).toMatchInlineSnapshot(
      `"8a337b3d82b4609f6a879ab71693bc31fde283a526723af45eef2addad5bd219"`,
    );
    expect(sectionFingerprint(ramp)).toMatchInlineSnapshot(
      `"1297811009233fc74ae89f5e2206e3185b35f595d510cd5da50423605627cfbf"`,
    );
  });
});
