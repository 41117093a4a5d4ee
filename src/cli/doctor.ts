import { ConfigError } from '../base/config/config-error.js';
import { loadConfig } from '../base/config/load-config.js';
import type { FlagValues } from '../base/config/read-settings.js';
import { examine, examineMachine } from '../tools/doctor/examine.js';
import { mustBeMended, note, type Finding, renderFindings } from '../tools/doctor/finding.js';
import { judgeConfigError } from '../tools/doctor/settings-findings.js';
import { printResult } from './output.js';
import { EXIT_CODES } from './exit-codes.js';

/** `serin doctor`, on stdout; the process will end with 1 when something must be mended. */
export async function runDoctor(flags: FlagValues, { json }: { readonly json?: true }): Promise<void> {
  const findings = await findAll(flags);
  const isHealthy = !mustBeMended(findings);
  printResult({ ok: isHealthy, findings }, { json }, (result, screen) =>
    renderFindings(result.findings, screen),
  );
  if (!isHealthy) process.exitCode = EXIT_CODES.refused;
}

async function findAll(flags: FlagValues): Promise<readonly Finding[]> {
  let config;
  try {
    config = loadConfig({ flags });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const rest = note(
      'configuration',
      'registry, parity, state, redis and port were not looked at',
      'mend the configuration, then ask again',
    );
    return [...judgeConfigError(error), rest, ...(await examineMachine())];
  }
  return examine(config);
}
