import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../base/input-error.js';
import { WRK_SCRIPT } from '../base/paths.js';
import { BODIES_PER_SECOND, type Version } from '../base/plan.js';
import { runCommand } from '../base/run-command.js';
import type { DistinctTexts } from '../corpus/distinct-texts.js';
import { predictBody } from './predict.js';

/** Longer than the deadline of a request: a late answer is the 504 of the service, and no timeout of the generator. */
const TIMEOUT = '10s';

export interface Load {
  readonly requestsPerS: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly requests: number;
  /** Answers that are not 2xx or 3xx, and requests that got none. */
  readonly failed: number;
  /** Cores that wrk itself used. */
  readonly generatorCores: number;
}

interface Summary {
  readonly requests: number;
  readonly duration_us: number;
  readonly p50_us: number;
  readonly p95_us: number;
  readonly p99_us: number;
  readonly max_us: number;
  readonly bad_status: number;
  readonly socket_errors: number;
  readonly cpu_s: number;
}

/** @throws InputError that says how to get it */
export function requireWrk(): void {
  // It prints its version and its usage, and ends with 1: what counts is that it could be started.
  const { error } = spawnSync('wrk', ['--version']);
  if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') return;
  throw new InputError('the load generator wrk is missing; on Debian and Ubuntu: apt-get install wrk', {
    cause: error,
  });
}

export interface WrkTarget {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** JSON bodies, one per request; enough that none is sent twice, unless they are to be. */
  readonly bodies: readonly string[];
  /** From the last body it goes on with the first: hits are wanted. */
  readonly repeated?: boolean;
  /** Milliseconds that each connection waits on average before its next request; absent: none. */
  readonly thinkMs?: number | undefined;
  readonly workFolder: string;
}

/**
 * A closed loop: each connection sends its next request when the answer has come. One thread of wrk, so that the
 * generator takes as little of the machine as it can.
 * @throws Error when there were fewer bodies than requests: a cache might have helped
 */
export async function runWrk(target: WrkTarget): Promise<Load> {
  const { url, connections, seconds, bodies, workFolder, repeated = false, thinkMs } = target;
  const file = join(workFolder, 'bodies.jsonl');
  writeFileSync(file, bodies.join('\n') + '\n');
  const options = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    TIMEOUT,
    '-s',
    WRK_SCRIPT,
    url,
    '--',
    file,
    ...(thinkMs === undefined ? [] : [String(Math.round(thinkMs))]),
  ];
  const stdout = await runCommand('wrk', options);
  const line = stdout.split('\n').find((candidate) => candidate.startsWith('{'));
  if (line === undefined) throw new Error(`wrk printed no summary: ${stdout}`);
  const summary = JSON.parse(line) as Summary;
  if (!repeated && summary.requests > bodies.length) {
    throw new Error(`wrk sent ${summary.requests} requests but had only ${bodies.length} distinct texts`);
  }
  const elapsedS = summary.duration_us / 1e6;
  return {
    requestsPerS: summary.requests / elapsedS,
    p50Ms: summary.p50_us / 1000,
    p95Ms: summary.p95_us / 1000,
    p99Ms: summary.p99_us / 1000,
    maxMs: summary.max_us / 1000,
    requests: summary.requests,
    failed: summary.bad_status + summary.socket_errors,
    generatorCores: summary.cpu_s / elapsedS,
  };
}

export interface DistinctLoad extends Pick<
  WrkTarget,
  'url' | 'connections' | 'seconds' | 'workFolder' | 'thinkMs'
> {
  readonly version: Version;
}

/** One load of texts that no load before it has sent. */
export async function sendDistinct(
  texts: DistinctTexts,
  { version, ...target }: DistinctLoad,
): Promise<Load> {
  const { connections, seconds } = target;
  const bodies = texts.peek(seconds * BODIES_PER_SECOND).map((text) => predictBody(text, version));
  const result = await runWrk({ ...target, bodies });
  // wrk builds one request to look at, and leaves one per connection unanswered at the end.
  texts.drop(result.requests + connections + 1);
  return result;
}
