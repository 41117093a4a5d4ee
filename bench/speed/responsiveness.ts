import { Child } from '../base/child.js';
import { TARGET_CONNECTIONS, type Version } from '../base/plan.js';
import { sendDistinct } from '../load/wrk.js';
import type { ProbeOrder, ProbeResult } from '../load/probe-process.js';
import type { Subjects } from './round.js';

/** Far below what the service answers, and still 750 probes in 15 s for a 99th percentile. */
const PROBES_PER_S = 50;
/** The load begins before the first probe and ends after the last. */
const MARGIN_S = 1;

/** GET /health/live from a process of its own while /predict is saturated. */
export async function measureResponsiveness(
  { service, texts, workFolder }: Subjects,
  version: Version,
  seconds: number,
): Promise<ProbeResult> {
  const prober = new Child<ProbeOrder, ProbeResult>('load/probe-process');
  const load = sendDistinct(texts, {
    url: service.url,
    version,
    connections: TARGET_CONNECTIONS,
    seconds: seconds + 2 * MARGIN_S,
    workFolder,
  });
  await new Promise((resolve) => setTimeout(resolve, MARGIN_S * 1000));
  const result = await prober.ask({ url: service.url, perSecond: PROBES_PER_S, seconds });
  const { failed } = await load;
  await prober.close();
  return { ...result, failed: result.failed + failed };
}
