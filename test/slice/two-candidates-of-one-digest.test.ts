import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { candidateOf } from '../../src/rollout/candidate.js';
import { candidateDocument, policyRef } from '../support/candidates.js';
import type { RolloutDocument } from '../../src/rollout/rollout-types.js';
import { sectionFingerprint } from '../../src/rollout/section-fingerprint.js';
import { readRegistry } from '../../src/registry/registry-files.js';
import { CanaryService } from '../../src/service/canary/canary.service.js';
import { PredictionCache } from '../../src/service/cache/prediction-cache.js';
import { RolloutsInForce } from '../../src/service/in-force/rollouts-in-force.js';
import { ModelRegistryService } from '../../src/service/model-registry/model-registry.service.js';
import { EvidenceBook } from '../../src/service/rollout/evidence/evidence-book.js';
import { RolloutAdmin } from '../../src/service/rollout/rollout-admin.js';
import { FileRolloutStore } from '../../src/service/rollout/store/file-rollout-store.js';
import { AppWithoutAdmin, Place } from './modules-without-admin.js';

const TEXTS = Array.from({ length: 60 }, (_, i) => `film number ${String(i)}`);

let place: Place;
let app: AppWithoutAdmin;
let document: RolloutDocument;

/** Half of the traffic of v1 under policy a goes to the same v1 under policy b, as a state on disk says. */
beforeEach(async () => {
  place = new Place('stable: v1, canary: v2');
  const config = place.config();
  const section = config.rollout.sentiment;
  const versions = readRegistry(config.modelRegistry).get('sentiment') ?? [];
  const digestOf = (name: string): string =>
    versions.find((found) => found.name === name)?.version?.digest ?? '';
  if (section === undefined) throw new Error('the file has no section of sentiment');
  const configuration = sectionFingerprint({
    config: section,
    stableDigest: digestOf('v1'),
    canaryDigest: digestOf('v2'),
  });
  const v1 = { version: 'v1', digest: digestOf('v1') };
  document = candidateDocument({
    stable: { ...v1, policy: policyRef('a') },
    canary: { ...v1, policy: policyRef('b') },
    configuration,
  });
  mkdirSync(config.stateDir, { recursive: true });
  const store = new FileRolloutStore(config.stateDir, 'state');
  expect(await store.compareAndSet(document, null)).toEqual({ kind: 'saved' });
  await store.close();
  app = await AppWithoutAdmin.start(place);
  await vi.waitFor(() => {
    expect(app.state('v1')).toBe('ready');
  }, 20_000);
});
afterEach(async () => {
  await app.stop();
  place.delete();
});

const candidates = (): { a: ReturnType<typeof candidateOf>; b: ReturnType<typeof candidateOf> } => {
  if (document.canary === null) throw new Error('the document has no canary');
  return { a: candidateOf(document.stable), b: candidateOf(document.canary) };
};

/** How many of the texts the canary answers. */
const canaryTexts = (): number => {
  const canary = app.get(CanaryService);
  return TEXTS.filter((text) => canary.choose('sentiment', text).role === 'canary').length;
};

describe('two candidates of one version, with two policies', () => {
  it('are read from the state as they were written, and the version is loaded once', () => {
    const { a, b } = candidates();
    expect(app.get(RolloutsInForce).of('sentiment')).toMatchObject({ answering: a, canary: b, percent: 50 });
    expect(a.digest).not.toBe(b.digest);
    expect(app.pool.loads).toEqual(['v1']);
  });

  it('split the traffic, each text with its own policy', () => {
    const { a, b } = candidates();
    const canary = app.get(CanaryService);
    const picked = TEXTS.map((text) => canary.choose('sentiment', text));
    expect(new Set(picked.map(({ version }) => version.version))).toEqual(new Set(['v1']));
    for (const { role, candidate } of picked) expect(candidate).toEqual(role === 'canary' ? b : a);
    expect(canaryTexts()).toBeGreaterThan(10);
    expect(canaryTexts()).toBeLessThan(50);
  });

  it('are counted in flight apart', async () => {
    const { a, b } = candidates();
    const canary = app.get(CanaryService);
    let release = (): void => undefined;
    app.pool.held = new Promise((resolve) => (release = resolve));
    const answers = Promise.all(TEXTS.map((text) => app.predict(text)));
    await vi.waitFor(() => {
      expect(canary.inFlight('sentiment', b)).toBe(canaryTexts());
    });
    expect(canary.inFlight('sentiment', a)).toBe(0);
    expect(app.get(RolloutAdmin).view('sentiment').in_flight).toBe(canaryTexts());
    release();
    await answers;
    expect(canary.inFlight('sentiment', b)).toBe(0);
  });

  it('are compared apart: each answer counts for its own side, and a run of the model for both', async () => {
    for (const text of TEXTS) await app.predict(text);
    const evidence = app.get(EvidenceBook).open('sentiment')?.evidence;
    await vi.waitFor(() => {
      expect(evidence?.windows(1).total.pairs.pairs).toBe(canaryTexts());
    });
    const { stable, canary } = evidence?.windows(1).total ?? {};
    expect([canary?.requests, stable?.requests]).toEqual([canaryTexts(), TEXTS.length - canaryTexts()]);
    expect([canary?.inferenceMicros, stable?.inferenceMicros]).toEqual([60_000, 60_000]);
  });

  it('are rolled back apart: the other one answers all texts, and keeps the answers that both share in the cache', async () => {
    const { a, b } = candidates();
    const canary = app.get(CanaryService);
    const text = TEXTS.find((each) => canary.choose('sentiment', each).role === 'canary') ?? '';
    await app.predict(text);
    await app.get(RolloutAdmin).act('sentiment', 'rollback', { requestId: 'r' });
    expect(canaryTexts()).toBe(0);
    expect(canary.choose('sentiment', text).candidate).toEqual(a);
    expect(app.get(RolloutsInForce).of('sentiment')).toMatchObject({ phase: 'rolled_back', rolledBack: [b] });
    const { version } = app.get(ModelRegistryService).status('sentiment', 'v1');
    if (version === null) throw new Error('v1 cannot be read');
    expect(await app.get(PredictionCache).peek({ version, text })).toBeDefined();

    const store = new FileRolloutStore(join(place.folder, 'state'), 'copy');
    const kept = (await store.load('sentiment')).document;
    await store.close();
    expect(kept?.rolled_back).toMatchObject([{ version: 'v1', policy: policyRef('b') }]);
    expect(kept?.stable).toEqual(document.stable);
  });
});
