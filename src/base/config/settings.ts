import { apiKeyList } from './api-keys.js';
import { redisUrl } from './redis-url.js';
import { trustedProxies } from './trust-proxy.js';
import {
  byteSize,
  decimal,
  oneOf,
  someOf,
  text,
  trueOrFalse,
  wholeNumber,
  type ValueType,
} from './value-types.js';

/** One setting: its environment variable is the key of {@link SETTINGS}. */
export interface Setting<T> {
  readonly type: ValueType<T>;
  /** Undefined when there is no default, or when it is computed from other settings; `defaultText` describes it. */
  readonly default: T | undefined;
  readonly defaultText: string;
  readonly meaning: string;
  /** A path: relative to the file when set there, else to the working directory. */
  readonly isPath: boolean;
  /** Never shown, not even in an error message about it. */
  readonly secret: boolean;
  /** Why the file must not contain the setting; null when it may. */
  readonly notInFile: string | null;
}

const setting = <T, D extends T | undefined>(
  type: ValueType<T>,
  preset: D,
  meaning: string,
  more: Partial<Pick<Setting<T>, 'defaultText' | 'isPath' | 'secret' | 'notInFile'>> = {},
): Setting<T> & { readonly default: D } => ({
  type,
  default: preset,
  defaultText: String(preset ?? 'unset'),
  meaning,
  isPath: false,
  secret: false,
  notInFile: null,
  ...more,
});

const HOUR_MS = 3_600_000;
const path = text('a path', /^[^\0]+$/);
const host = text('a host name or address, without scheme and port', /^[A-Za-z0-9._:%-]{1,253}$/);
const token = text('printable ASCII characters without spaces', /^[!-~]{1,512}$/);

/** Every setting of the service. docs/configuration.md and the flags of `serin serve` are made from this table. */
export const SETTINGS = {
  HOST: setting(host, '127.0.0.1', 'Address to listen on; the container image sets 0.0.0.0.'),
  PORT: setting(wholeNumber(0, 65_535), 3000, 'Port to listen on; 0 takes a free one.'),
  ADMIN_PORT: setting(
    wholeNumber(0, 65_535),
    undefined,
    'Second port, on HOST, that serves every route; PORT then answers 404 for /admin, /metrics, /models, /docs and /openapi.json. 0 takes a free one.',
    { defaultText: 'unset: PORT serves everything' },
  ),
  CLOSED_ROUTES: setting(
    someOf('metrics', 'models', 'docs'),
    undefined,
    'Routes that answer 404 on every port: metrics, models, docs (with /openapi.json).',
    { defaultText: 'unset: none' },
  ),
  MODEL_REGISTRY: setting(path, undefined, 'Folder of the models.', {
    isPath: true,
    defaultText: './model-registry if it exists, else the models of the package',
  }),
  STATE_DIR: setting(path, './var', 'Folder for the state of rollouts; one process writes there.', {
    isPath: true,
  }),
  CANARY_PERCENT: setting(
    decimal(0, 100),
    undefined,
    'Share of traffic at which a rollout of the default model begins, before the file; 0 is the rollback toggle.',
    { notInFile: 'in the file it is written rollout.<model>.percent' },
  ),
  WORKERS: setting(wholeNumber(1, 256), undefined, 'Inference processes.', {
    defaultText: 'physical cores that the machine and the cgroup grant',
  }),
  THREADS_PER_WORKER: setting(wholeNumber(1, 64), 1, 'Threads of one inference process.'),
  SPARE_WORKERS: setting(
    wholeNumber(0, 16),
    1,
    'Inference processes kept loaded beside the working ones, to take over from one that dies.',
  ),
  QUEUE_LIMIT: setting(
    wholeNumber(2, 10_000_000),
    undefined,
    'Texts admitted at once, queued and running: it bounds memory, and one client gets seven eighths of it. At least twice MAX_TEXTS.',
    { defaultText: '1024, or twice MAX_TEXTS if that is more' },
  ),
  WORKER_WATCHDOG_MS: setting(
    wholeNumber(50, HOUR_MS),
    1000,
    'A run still going this long after ten times its predicted time counts as hung, and its process is replaced. Time in which the process only waits for a processor does not count.',
  ),
  WORKER_MAX_RSS_BYTES: setting(
    byteSize(100e6, 1e12),
    1.5e9,
    'An inference process whose resident memory exceeds this is replaced between two batches.',
  ),
  ADMIN_TOKEN: setting(token, undefined, 'Bearer token for /admin; unset: everything there answers 404.', {
    secret: true,
  }),
  API_KEYS: setting(
    apiKeyList,
    undefined,
    'Clients that have all rights, comma-separated name:key or name:sha256:<hex>; without these and without clients in the file: open to all.',
    {
      secret: true,
    },
  ),
  REQUEST_TIMEOUT_MS: setting(
    wholeNumber(1, HOUR_MS),
    2000,
    'Deadline of one request; a client may ask for less with x-deadline-ms.',
  ),
  BATCH_TIMEOUT_MAX_MS: setting(
    wholeNumber(1, HOUR_MS),
    undefined,
    'Longest deadline of a request with several texts; it has REQUEST_TIMEOUT_MS, and more the more work it is. Less than SHUTDOWN_GRACE_MS.',
    { defaultText: '8000, or 0.8 of SHUTDOWN_GRACE_MS if that is less, at least REQUEST_TIMEOUT_MS' },
  ),
  MAX_BODY_BYTES: setting(byteSize(1, 1e9), 1e6, 'Largest request body, after decompression.'),
  MAX_TEXTS: setting(wholeNumber(1, 100_000), 256, 'Most texts in one POST /predict_batch.'),
  CACHE_MAX_ITEMS: setting(
    wholeNumber(0, 10_000_000),
    10_000,
    'Answers kept in memory at most; 0 switches the cache off, the second level too.',
  ),
  CACHE_MAX_BYTES: setting(byteSize(1e5, 1e12), 64e6, 'Memory that the kept answers may take together.'),
  CACHE_TTL_MS: setting(
    wholeNumber(1, 31 * 24 * HOUR_MS),
    600_000,
    'How long an answer is kept, give or take a tenth.',
  ),
  LOG_LEVEL: setting(
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'Least level logged: trace, debug, info, warn, error, fatal or silent.',
  ),
  LOG_CLIENT: setting(
    oneOf('network', 'off'),
    'network',
    'What the log line of a request says about the client. network: its IPv4 address, or the /64 network of its IPv6 address; off: nothing.',
  ),
  LOG_TEXT: setting(trueOrFalse(), false, 'Whether the texts of requests are logged.'),
  FEEDBACK_MAX_REQUESTS: setting(
    wholeNumber(0, 10_000_000),
    100_000,
    'Answered texts that POST /feedback may still speak about, the latest ones; 0: none.',
  ),
  FEEDBACK_TTL_MS: setting(wholeNumber(1, 31 * 24 * HOUR_MS), 24 * HOUR_MS, 'How long they are remembered.'),
  SHUTDOWN_DELAY_MS: setting(
    wholeNumber(0, HOUR_MS),
    3000,
    'After SIGTERM or SIGHUP: how long everything but readiness is still served. SIGINT does not wait.',
  ),
  SHUTDOWN_GRACE_MS: setting(
    wholeNumber(0, HOUR_MS),
    10_000,
    'After that: how long work in flight may drain.',
  ),
  RATE_LIMIT_PER_S: setting(
    decimal(0.001, 1e6),
    undefined,
    'Texts per second that one client, by its key, else by its address (of IPv6 its /64 network), may send; unset: no limit.',
  ),
  RATE_LIMIT_BURST: setting(
    wholeNumber(1, 1_000_000),
    undefined,
    'Texts that may come at once before the rate counts. Needs RATE_LIMIT_PER_S.',
    { defaultText: 'RATE_LIMIT_PER_S rounded up' },
  ),
  REDIS_URL: setting(
    redisUrl,
    undefined,
    'A Redis server that several processes share: second cache level, rate limits, rollout state. Unset: none.',
    { secret: true },
  ),
  TRUST_PROXY: setting(
    trustedProxies,
    undefined,
    "Whose X-Forwarded-For counts: a number of proxies, or their addresses and networks; unset: nobody's.",
  ),
  SERIN_CONFIG: setting(path, undefined, 'The configuration file; it must exist.', {
    isPath: true,
    defaultText: './serin.config.yaml if it exists, else that of the package',
    notInFile: 'it names the file itself',
  }),
} as const;

export type SettingName = keyof typeof SETTINGS;

/** The values that were set, by setting; a setting that no source contains is absent. */
export type SettingValues = {
  -readonly [K in SettingName]?: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The key in serin.config.yaml. */
export const fileKey = (name: string): string => name.toLowerCase();

/** The long option of `serin serve`. SERIN_CONFIG is `--config` there, as everywhere else. */
export const flagName = (name: string): string =>
  name === 'SERIN_CONFIG' ? 'config' : name.toLowerCase().replaceAll('_', '-');
