import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSIONS, type Version } from '../base/plan.js';
import { say } from '../base/progress.js';
import { devSentences, versionFolder } from '../corpus/version-files.js';
import { askAlone } from '../load/closed-loop.js';
import { ServiceProcess } from '../service/service-process.js';
import { runWhole } from './batch-process.js';

/** The dev sentences of one version, through the file command and through POST /predict. */
export interface Agreement {
  readonly texts: number;
  readonly sameLabels: number;
  readonly maxScoreDifference: number;
}

interface Line {
  readonly label: string;
  readonly score: number;
}

/** Both paths, one after the other; the service answers each sentence alone. */
export async function measureAgreement(
  entry: string,
  workFolder: string,
): Promise<Record<Version, Agreement>> {
  const service = await ServiceProcess.start(entry, workFolder);
  const found: Partial<Record<Version, Agreement>> = {};
  try {
    for (const version of VERSIONS) {
      const texts = devSentences(versionFolder(version));
      const input = join(workFolder, `dev-${version}.jsonl`);
      const output = join(workFolder, `dev-${version}.out.jsonl`);
      writeFileSync(input, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
      await runWhole({ entry, input, output, version });
      const lines = readFileSync(output, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      const answers = await askAlone(service.url, version, texts);
      found[version] = compareAnswers(lines, answers);
      say(`${version}: ${found[version].sameLabels} of ${texts.length} dev sentences have the same label`);
    }
  } finally {
    await service.close();
  }
  return found as Record<Version, Agreement>;
}

/** A sentence that one of them lacks has not the same label. */
export function compareAnswers(lines: readonly Line[], answers: readonly Line[]): Agreement {
  let [sameLabels, maxScoreDifference] = [0, 0];
  answers.forEach(({ label, score }, i) => {
    const line = lines[i];
    if (line?.label === label) sameLabels++;
    maxScoreDifference = Math.max(maxScoreDifference, line === undefined ? 1 : Math.abs(line.score - score));
  });
  return { texts: answers.length, sameLabels, maxScoreDifference };
}
