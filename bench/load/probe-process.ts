// Asks GET /health/live at a fixed low rate on one kept connection, beside a load that saturates the service.
import { Agent, get } from 'node:http';
import { answerParent } from '../base/child.js';
import { quantile } from '../base/statistics.js';

export interface ProbeOrder {
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
}

export interface ProbeResult {
  readonly probes: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const agent = new Agent({ keepAlive: true });

async function probe(url: string): Promise<{ ms: number; ok: boolean }> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    get(`${url}/health/live`, { agent }, (response) => {
      response.resume().on('end', () => {
        resolve({ ms: performance.now() - startedAt, ok: response.statusCode === 200 });
      });
    }).on('error', () => {
      resolve({ ms: performance.now() - startedAt, ok: false });
    });
  });
}

async function run({ url, perSecond, seconds }: ProbeOrder): Promise<ProbeResult> {
  const probes: Promise<{ ms: number; ok: boolean }>[] = [];
  // Sent by the clock, not when the last answer has come: a stall is seen by every probe that falls into it.
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      probes.push(probe(url));
      if (probes.length < perSecond * seconds) return;
      clearInterval(timer);
      resolve();
    }, 1000 / perSecond);
  });
  const results = await Promise.all(probes);
  agent.destroy();
  const times = results.map(({ ms }) => ms);
  return {
    probes: results.length,
    failed: results.filter(({ ok }) => !ok).length,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    maxMs: Math.max(...times),
  };
}

answerParent(run);
