import { CACHE_OFF, SEED, VERSIONS, type Plan } from '../base/plan.js';
import { say } from '../base/progress.js';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-files.js';
import { askAlone, type Reference } from '../load/closed-loop.js';
import { ServiceProcess } from '../service/service-process.js';
import {
  endUnderLoad,
  killWorkers,
  stopWorker,
  type EndReport,
  type KillReport,
  type StopReport,
} from './faults.js';

export interface ChaosReport {
  readonly kill: KillReport;
  readonly stop: StopReport;
  readonly end: EndReport;
}

/** Per version; every answer under fire is compared with the one that its text got alone. */
const REFERENCE_TEXTS = 400;

/** One service, three misfortunes; the last one is its end. */
export async function measureChaos(plan: Plan, entry: string, workFolder: string): Promise<ChaosReport> {
  const texts = new DistinctTexts(versionFolder('v1'), SEED);
  const service = await ServiceProcess.start(entry, workFolder, CACHE_OFF);
  try {
    const perVersion: Reference[][] = [];
    for (const version of VERSIONS) {
      perVersion.push(await askAlone(service.url, version, texts.take(REFERENCE_TEXTS)));
    }
    // The versions take turns, so that each worker is killed while it runs either.
    const references = Array.from({ length: REFERENCE_TEXTS }, (_, i) =>
      perVersion.flatMap((list) => list[i] ?? []),
    ).flat();
    say(`kill -9 of a random worker for ${plan.chaosKillS} s`);
    const kill = await killWorkers(service, references, plan);
    say('SIGSTOP of a worker');
    const stop = await stopWorker(service, references, plan);
    say('SIGTERM under load');
    const end = await endUnderLoad(service, references, plan);
    return { kill, stop, end };
  } finally {
    await service.close();
  }
}
