import { setTimeout as delay } from 'node:timers/promises';
import { VERSIONS } from '../base/plan.js';
import type { DistinctTexts } from '../corpus/distinct-texts.js';
import { ClosedLoop, askAlone } from '../load/closed-loop.js';
import type { ServiceProcess } from '../service/service-process.js';

/** Whether an answer depends on who else asks. */
export interface Consistency {
  readonly answers: number;
  readonly failed: number;
  readonly wrongLabels: number;
  readonly maxScoreDifference: number;
}

/** Enough that batches are cut from many lengths. */
const CONNECTIONS_OF_MATES = 64;
const MATES_S = 5;

/** Asks for texts alone first, then for the same among ever-changing batch mates of both versions. */
export async function measureConsistency(
  service: ServiceProcess,
  texts: DistinctTexts,
  count: number,
): Promise<Consistency> {
  const alone = [];
  for (const version of VERSIONS) alone.push(...(await askAlone(service.url, version, texts.take(count))));
  const loop = new ClosedLoop(service.url, alone, CONNECTIONS_OF_MATES);
  await delay(MATES_S * 1000);
  const tally = await loop.close();
  return {
    answers: tally.answered,
    failed: tally.answered - (tally.byStatus[200] ?? 0) + tally.dropped + tally.refused,
    wrongLabels: tally.wrongLabels,
    maxScoreDifference: tally.maxScoreDifference,
  };
}
