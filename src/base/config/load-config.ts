import { resolve } from 'node:path';
import { type Client, twinProblem } from './clients.js';
import { readClients } from './clients-section.js';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { DEFAULT_FILE, readConfigFile } from './config-file.js';
import { grantedCores } from '../machine/cpu-count.js';
import { readEnvironment, readFileSettings, readFlags, shown, type FlagValues } from './read-settings.js';
import { type ModelConfig, readModels } from './models-section.js';
import { readRolloutSection, type RolloutSection } from './rollout-section.js';
import type { SerinConfig } from './serin-config.js';
import { SETTINGS, fileKey, flagName, type SettingName, type SettingValues } from './settings.js';

export interface LoadOptions {
  /** The values given on the command line, by setting. */
  readonly flags?: FlagValues;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/**
 * The configuration from command line, environment, file and defaults, in that order of precedence. A value must be
 * valid even if a source of higher precedence overrides it.
 * @throws ConfigError with every problem, not only the first.
 */
export function loadConfig({
  flags = {},
  env = process.env,
  cwd = process.cwd(),
}: LoadOptions = {}): SerinConfig {
  const problems: ConfigProblem[] = [];
  const fromFlags = readFlags(flags, cwd, problems);
  const fromEnv = readEnvironment(env, cwd, problems);
  const file = readConfigFile(cwd, fromFlags.SERIN_CONFIG ?? fromEnv.SERIN_CONFIG, problems);
  const fromFile = readFileSettings(file, problems);
  const values: SettingValues = { ...fromFile, ...fromEnv, ...fromFlags };

  const origin: Origin = (name) => {
    if (name in fromFlags) return { key: `--${flagName(name)}`, source: 'command line' };
    if (name in fromEnv) return { key: name, source: 'environment' };
    return name in fromFile ? { key: fileKey(name), source: file.name } : { key: name, source: 'default' };
  };
  const section = readRolloutSection(file, problems);
  checkCanaryPercent(section, values, origin, problems);
  const models = readModels(file, section, problems);
  const listed = readClients(file, problems);
  reportTwins(listed, values, { file: file.name, origin }, problems);
  const config = fill(values, { section, models, listed, cwd });
  reportContradictions(config, values, origin, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  sources.set(deepFreeze(config), {
    file: resolve(cwd, fromFlags.SERIN_CONFIG ?? fromEnv.SERIN_CONFIG ?? DEFAULT_FILE),
    digest: file.digest,
    states: file.states,
    reload: () => loadConfig({ flags, env: { ...env }, cwd }),
  });
  return config;
}

/** Where a configuration came from. */
export interface ConfigSource {
  /** Absolute path of the file, whether or not it exists. */
  readonly file: string;
  /** Digest of the content that was loaded; the file may have changed since. */
  readonly digest: string;
  /** As ConfigFile.states. */
  readonly states: (...path: readonly string[]) => boolean;
  /**
   * The configuration as it would be if it were loaded now.
   * @throws ConfigError
   */
  readonly reload: () => SerinConfig;
}

const sources = new WeakMap<SerinConfig, ConfigSource>();

/** @throws Error for an object that {@link loadConfig} did not make */
export function configSource(config: SerinConfig): ConfigSource {
  const source = sources.get(config);
  if (source === undefined) throw new Error('This configuration was not loaded.');
  return source;
}

/** The source that decided a setting, and the setting's name in that source. */
type Origin = (name: SettingName) => Pick<ConfigProblem, 'key' | 'source'>;

function checkCanaryPercent(
  { defaultModel, rollout }: RolloutSection,
  { CANARY_PERCENT: percent }: SettingValues,
  origin: Origin,
  problems: ConfigProblem[],
): void {
  if (percent === undefined || percent === 0 || rollout[defaultModel]?.canary !== null) return;
  const message = `rollout.${defaultModel} names no canary that could take it: name one, or set 0`;
  problems.push({ ...origin('CANARY_PERCENT'), value: shown(percent), message });
}

/** Without BATCH_TIMEOUT_MAX_MS: the longest deadline of a batch, and its longest part of SHUTDOWN_GRACE_MS. */
const BATCH_TIMEOUT_MS = 8_000;
const BATCH_PART_OF_GRACE = 0.8;

/** The content of the file that is no setting, and the folder of the process. */
interface Beside {
  readonly section: RolloutSection;
  readonly models: Readonly<Record<string, ModelConfig>>;
  readonly listed: readonly Client[];
  readonly cwd: string;
}

function fill(values: SettingValues, { section, models, listed, cwd }: Beside): SerinConfig {
  const maxTexts = values.MAX_TEXTS ?? SETTINGS.MAX_TEXTS.default;
  const requestTimeoutMs = values.REQUEST_TIMEOUT_MS ?? SETTINGS.REQUEST_TIMEOUT_MS.default;
  const shutdownGraceMs = values.SHUTDOWN_GRACE_MS ?? SETTINGS.SHUTDOWN_GRACE_MS.default;
  const longestBatchMs = Math.min(BATCH_TIMEOUT_MS, Math.floor(BATCH_PART_OF_GRACE * shutdownGraceMs));
  const rateLimitPerS = values.RATE_LIMIT_PER_S ?? null;
  return {
    host: values.HOST ?? SETTINGS.HOST.default,
    port: values.PORT ?? SETTINGS.PORT.default,
    adminPort: values.ADMIN_PORT ?? null,
    closedRoutes: values.CLOSED_ROUTES ?? [],
    trustProxy: values.TRUST_PROXY ?? null,
    requestTimeoutMs,
    batchTimeoutMaxMs: values.BATCH_TIMEOUT_MAX_MS ?? Math.max(requestTimeoutMs, longestBatchMs),
    maxBodyBytes: values.MAX_BODY_BYTES ?? SETTINGS.MAX_BODY_BYTES.default,
    maxTexts,
    shutdownDelayMs: values.SHUTDOWN_DELAY_MS ?? SETTINGS.SHUTDOWN_DELAY_MS.default,
    shutdownGraceMs,
    cacheMaxItems: values.CACHE_MAX_ITEMS ?? SETTINGS.CACHE_MAX_ITEMS.default,
    cacheMaxBytes: values.CACHE_MAX_BYTES ?? SETTINGS.CACHE_MAX_BYTES.default,
    cacheTtlMs: values.CACHE_TTL_MS ?? SETTINGS.CACHE_TTL_MS.default,
    adminToken: values.ADMIN_TOKEN ?? null,
    clients: [...listed, ...(values.API_KEYS ?? [])],
    rateLimitPerS,
    rateLimitBurst: rateLimitPerS === null ? null : (values.RATE_LIMIT_BURST ?? Math.ceil(rateLimitPerS)),
    logLevel: values.LOG_LEVEL ?? SETTINGS.LOG_LEVEL.default,
    feedbackMaxRequests: values.FEEDBACK_MAX_REQUESTS ?? SETTINGS.FEEDBACK_MAX_REQUESTS.default,
    feedbackTtlMs: values.FEEDBACK_TTL_MS ?? SETTINGS.FEEDBACK_TTL_MS.default,
    logClient: values.LOG_CLIENT ?? SETTINGS.LOG_CLIENT.default,
    logText: values.LOG_TEXT ?? SETTINGS.LOG_TEXT.default,
    modelRegistry: values.MODEL_REGISTRY ?? resolve(cwd, SETTINGS.MODEL_REGISTRY.default),
    stateDir: values.STATE_DIR ?? resolve(cwd, SETTINGS.STATE_DIR.default),
    ...section,
    models,
    canaryPercent: values.CANARY_PERCENT ?? null,
    workers: values.WORKERS ?? grantedCores(),
    threadsPerWorker: values.THREADS_PER_WORKER ?? SETTINGS.THREADS_PER_WORKER.default,
    spareWorkers: values.SPARE_WORKERS ?? SETTINGS.SPARE_WORKERS.default,
    queueLimit: values.QUEUE_LIMIT ?? Math.max(1024, 2 * maxTexts),
    workerWatchdogMs: values.WORKER_WATCHDOG_MS ?? SETTINGS.WORKER_WATCHDOG_MS.default,
    workerMaxRssBytes: values.WORKER_MAX_RSS_BYTES ?? SETTINGS.WORKER_MAX_RSS_BYTES.default,
    redisUrl: values.REDIS_URL ?? null,
  };
}

/** Reports each client of API_KEYS that `clients` has too. */
function reportTwins(
  listed: readonly Client[],
  { API_KEYS: short = [] }: SettingValues,
  { file, origin }: { readonly file: string; readonly origin: Origin },
  problems: ConfigProblem[],
): void {
  for (const client of short) {
    const twin = twinProblem(listed, client);
    if (twin === null) continue;
    const message = `${twin}; one of them stands in clients of ${file}`;
    problems.push({ ...origin('API_KEYS'), value: null, message });
  }
}

function reportContradictions(
  config: SerinConfig,
  values: SettingValues,
  origin: Origin,
  problems: ConfigProblem[],
): void {
  if (config.queueLimit < 2 * config.maxTexts) {
    const least = `MAX_TEXTS is ${String(config.maxTexts)}, so allowed is ${String(2 * config.maxTexts)} or more`;
    const message = `must be at least twice MAX_TEXTS, or a full batch would lock others out; ${least}`;
    problems.push({ ...origin('QUEUE_LIMIT'), value: shown(config.queueLimit), message });
  }
  const { BATCH_TIMEOUT_MAX_MS: batchMs } = values;
  const { requestTimeoutMs, shutdownGraceMs } = config;
  if (batchMs !== undefined && (batchMs < requestTimeoutMs || batchMs >= shutdownGraceMs)) {
    const message = `must be at least REQUEST_TIMEOUT_MS (${String(requestTimeoutMs)}) and less than SHUTDOWN_GRACE_MS (${String(shutdownGraceMs)}), or a shutdown would cut batches off`;
    problems.push({ ...origin('BATCH_TIMEOUT_MAX_MS'), value: shown(batchMs), message });
  }
  if (config.adminPort !== 0 && config.adminPort === config.port) {
    const message = 'is PORT too: set another one, or leave it unset so that PORT serves everything';
    problems.push({ ...origin('ADMIN_PORT'), value: shown(config.adminPort), message });
  }
  if (values.RATE_LIMIT_BURST !== undefined && config.rateLimitPerS === null) {
    const message = 'means nothing without RATE_LIMIT_PER_S: set that too, or neither';
    problems.push({ ...origin('RATE_LIMIT_BURST'), value: shown(values.RATE_LIMIT_BURST), message });
  }
}

function deepFreeze<T extends object>(object: T): T {
  for (const value of Object.values(object) as unknown[]) {
    if (typeof value === 'object' && value !== null) deepFreeze(value);
  }
  return Object.freeze(object);
}
