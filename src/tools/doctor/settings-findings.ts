import type { ConfigError } from '../../base/config/config-error.js';
import type { SerinConfig } from '../../base/config/serin-config.js';
import type { MisspeltVariable } from '../../base/config/read-settings.js';
import { fail, ok, warn, type Finding } from './finding.js';

/** Characters under which a token can be tried out, or is a word. */
const SHORT_TOKEN = 16;

/** Every reason for which the service would not start with this configuration. */
export function judgeConfigError({ problems }: ConfigError): Finding[] {
  return problems.map(({ key, source, value, message }) =>
    fail('configuration', `${key} (${source})${value === null ? '' : ` is ${value}`}`, message),
  );
}

/** Variables that are probably meant as settings. */
export const judgeVariables = (misspelt: readonly MisspeltVariable[]): Finding[] =>
  misspelt.map(({ name, resembles }) =>
    warn('settings', `${name} is in the environment, and is no setting`, `is ${resembles} meant?`),
  );

const LOOPBACK = /^(localhost|127\..*|::1)$/;

/** Settings that are allowed but rarely intended. */
export function judgeSettings(config: SerinConfig): Finding[] {
  const findings: Finding[] = [];
  const { host, clients, adminToken, logText, requestTimeoutMs, workerWatchdogMs } = config;
  const isOpen = !LOOPBACK.test(host) && clients.length === 0;
  if (isOpen) {
    const todo =
      'set clients in the file, or API_KEYS, or let only a proxy that asks for keys reach this port';
    findings.push(
      warn(
        'settings',
        `HOST is ${host} and there are neither clients nor API_KEYS: every caller that reaches it may ask`,
        todo,
      ),
    );
  }
  if (adminToken !== null && adminToken.length < SHORT_TOKEN) {
    const found = `ADMIN_TOKEN has ${adminToken.length} characters: it can be guessed, and moves rollouts`;
    findings.push(
      warn('settings', found, `use ${SHORT_TOKEN} or more random ones, e.g. openssl rand -hex 24`),
    );
  }
  if (logText) {
    const found = 'LOG_TEXT is on: what users write goes to the log';
    findings.push(warn('settings', found, 'switch it off where texts may be personal'));
  }
  if (workerWatchdogMs > requestTimeoutMs) {
    const found = `WORKER_WATCHDOG_MS (${workerWatchdogMs}) exceeds REQUEST_TIMEOUT_MS (${requestTimeoutMs}): a hung worker is noticed after its users have gone`;
    findings.push(warn('settings', found, 'make it the smaller of the two'));
  }
  return findings.length > 0 ? findings : [ok('settings', 'no contradictions, nothing dangerous')];
}
