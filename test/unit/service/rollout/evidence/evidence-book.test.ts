import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EvidenceBook } from '../../../../../src/service/rollout/evidence/evidence-book.js';
import { RolloutEvidence } from '../../../../../src/rollout/evidence/rollout-evidence.js';
import { FileRolloutStore } from '../../../../../src/service/rollout/store/file-rollout-store.js';
import { loadConfig } from '../../../../../src/base/config/load-config.js';
import { pairOf } from '../../../../support/label-versions.js';
import { ROOT } from '../../../../support/repository.js';

it('an earlier process may have kept what users wrote: it is told only where LOG_TEXT allows it', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'serin-book-'));
  const store = new FileRolloutStore(stateDir, 'state');
  const seen = new RolloutEvidence(1, true);
  seen.addPair('what a user wrote', pairOf({ label: 0, score: 0.9 }, { label: 1, score: 0.7 }));
  await store.saveEvidence('sentiment', 'r1', { document: seen.toDocument(), seen: seen.seenBytes() });
  const told = async (logText: string): Promise<readonly (string | null)[] | undefined> => {
    const book = new EvidenceBook(loadConfig({ cwd: ROOT, env: { LOG_TEXT: logText } }), store);
    const document = await book.documentOf('sentiment', 'r1');
    return document?.examples.map(({ text }) => text);
  };
  expect(await told('true')).toEqual(['what a user wrote']);
  expect(await told('false')).toEqual([null]);
  await store.close();
  rmSync(stateDir, { recursive: true });
});
