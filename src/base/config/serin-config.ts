import type { Client } from './clients.js';
import type { ModelConfig } from './models-section.js';
import type { RolloutConfig } from './rollout-config.js';

export type { Client } from './clients.js';
export type { RolloutConfig } from './rollout-config.js';

/** Every setting, validated, filled with defaults and frozen. Injected by the token SERIN_CONFIG. */
export interface SerinConfig {
  readonly host: string;
  readonly port: number;
  /** Port of its own for the routes of the operator; null: `port` serves them too. */
  readonly adminPort: number | null;
  /** Routes of the operator that no port serves. */
  readonly closedRoutes: readonly ('metrics' | 'models' | 'docs')[];
  /** Value for Express' `trust proxy`: a number of hops, or comma-separated networks; null trusts no proxy. */
  readonly trustProxy: number | string | null;
  readonly requestTimeoutMs: number;
  /** Longest deadline of a request with several texts; at least `requestTimeoutMs`. */
  readonly batchTimeoutMaxMs: number;
  readonly maxBodyBytes: number;
  readonly maxTexts: number;
  readonly shutdownDelayMs: number;
  readonly shutdownGraceMs: number;
  readonly adminToken: string | null;
  /** Those of the file's `clients`, then those of API_KEYS. Without any, all callers may ask, and have all rights. */
  readonly clients: readonly Client[];
  readonly rateLimitPerS: number | null;
  /** Null exactly when `rateLimitPerS` is. */
  readonly rateLimitBurst: number | null;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly logClient: 'network' | 'off';
  readonly logText: boolean;
  /** Maximum number of answered texts that feedback may refer to; 0 switches feedback off. */
  readonly feedbackMaxRequests: number;
  readonly feedbackTtlMs: number;
  /** Absolute path, as is `stateDir`. */
  readonly modelRegistry: string;
  readonly stateDir: string;
  readonly defaultModel: string;
  /** By model, as the file says; `defaultModel` is among them. It has no prototype. */
  readonly rollout: Readonly<Record<string, RolloutConfig>>;
  /** By model; a model that is absent is loaded at the start. It has no prototype. */
  readonly models: Readonly<Record<string, ModelConfig>>;
  /** CANARY_PERCENT, for the canary of `defaultModel`; 0 holds the canary at 0 %; null when it is not set. */
  readonly canaryPercent: number | null;
  /** Inference processes; the physical cores that the cgroup grants, unless set. */
  readonly workers: number;
  readonly threadsPerWorker: number;
  /** Spare processes that are kept loaded, so that no request waits for a start after a crash. */
  readonly spareWorkers: number;
  /** Maximum number of answers in the memory cache; 0 switches the whole cache off. */
  readonly cacheMaxItems: number;
  /** Maximum heap bytes of all cached answers together. */
  readonly cacheMaxBytes: number;
  readonly cacheTtlMs: number;
  /** Texts admitted at once, queued and running; at least 2 × maxTexts. */
  readonly queueLimit: number;
  /** A run still going this long after ten times its predicted time counts as hung. */
  readonly workerWatchdogMs: number;
  /** A worker whose resident memory exceeds this is replaced between two batches. */
  readonly workerMaxRssBytes: number;
  /** `redis://` or `rediss://`, with its password; null: nothing is shared with other processes. */
  readonly redisUrl: string | null;
}

/** Injection token of {@link SerinConfig}. */
export const SERIN_CONFIG = Symbol('SERIN_CONFIG');
