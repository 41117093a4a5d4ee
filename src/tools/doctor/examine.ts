import type { SerinConfig } from '../../base/config/serin-config.js';
import { judgeCores, judgeFeatures } from './cpu-findings.js';
import type { Finding } from './finding.js';
import { checkScores, checkTokens } from './parity-findings.js';
import { checkPort } from './port-findings.js';
import { checkProxy } from './proxy-findings.js';
import { readProcessors } from '../../base/machine/processors.js';
import { checkRedis } from './redis-findings.js';
import { judgeRuntime, runtimeFacts } from './runtime-findings.js';
import { judgeSettings } from './settings-findings.js';
import { checkState } from './state-findings.js';
import { checkAcceptance, checkDigests, judgeMemory, memoryFacts, readVersions } from './version-findings.js';
import { runCheck } from './run-check.js';

/** For what only looks; a network that swallows packets has time limits of its own. */
const LOOK_MS = 10_000;

/** For reading files and starting worker processes: a quiet machine needs a few seconds. */
const WORK_MS = 60_000;

/** The findings about a machine that need no configuration. */
export function examineMachine(): Promise<readonly Finding[]> {
  return runCheck('machine', LOOK_MS, () => Promise.resolve(judgeRuntime(runtimeFacts())));
}

/**
 * Looks at everything that the service would need on this machine with this configuration, and changes nothing. Never
 * rejects: a check that fails is a finding.
 */
export async function examine(config: SerinConfig): Promise<readonly Finding[]> {
  const processors = readProcessors();
  const { findings: registry, versions, named } = readVersions(config);
  let isServing = false;
  const checks = [
    examineMachine(),
    runCheck('cores', LOOK_MS, () =>
      Promise.resolve([
        ...judgeCores(processors, config),
        ...named.map((version) => judgeFeatures(processors, version)),
      ]),
    ),
    Promise.resolve(judgeSettings(config)),
    runCheck('port', LOOK_MS, async () => {
      const port = await checkPort(config);
      ({ isServing } = port);
      return [port.finding];
    }),
    runCheck('proxy', LOOK_MS, async () => [await checkProxy(config)]),
    runCheck('redis', LOOK_MS, () => checkRedis(config.redisUrl)),
    runCheck('state', LOOK_MS, () => checkState(config.stateDir)),
    Promise.resolve(registry),
    runCheck('acceptance', LOOK_MS, () => Promise.resolve(named.map(checkAcceptance))),
    runCheck('digests', WORK_MS, () => Promise.all(versions.map(checkDigests))),
    runCheck('parity', WORK_MS, () => Promise.all(versions.map(checkTokens))),
  ];
  const findings = (await Promise.all(checks)).flat();
  const memory = await runCheck('memory', LOOK_MS, () =>
    Promise.resolve([judgeMemory(named, config, memoryFacts(isServing))]),
  );
  // A version with wrong files has a finding already, and a load would only refuse it again.
  const broken = new Set(
    findings
      .filter(({ state, check }) => state === 'fail' && (check === 'digests' || check === 'parity'))
      .map(({ found }) => found.split(':')[0]),
  );
  const scores: Finding[] = [];
  for (const version of named) {
    if (broken.has(`${version.model}/${version.version}`)) continue;
    scores.push(
      ...(await runCheck('parity', WORK_MS, async (signal) => [await checkScores(version, config, signal)])),
    );
  }
  return [...findings, ...memory, ...scores];
}
