import type { RolloutConfig } from './rollout-config.js';

export type { RolloutConfig } from './rollout-config.js';

export interface ApiKey {
  readonly name: string;
  /** sha256 of the key, hex; a key given in plain is hashed when it is read. */
  readonly sha256: string;
}

/** Every setting, validated, filled with defaults and frozen. Injected by the token SERIN_CONFIG. */
export interface SerinConfig {
  readonly host: string;
  readonly port: number;
  /** As Express' `trust proxy` takes it: a number of hops, or comma-separated networks; null trusts nobody. */
  readonly trustProxy: number | string | null;
  readonly requestTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly maxTexts: number;
  readonly shutdownDelayMs: number;
  readonly shutdownGraceMs: number;
  readonly adminToken: string | null;
  readonly apiKeys: readonly ApiKey[];
  readonly rateLimitPerS: number | null;
  /** Null exactly when `rateLimitPerS` is. */
  readonly rateLimitBurst: number | null;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly logText: boolean;
  /** Answered texts that feedback may still speak about; 0: none. */
  readonly feedbackMaxRequests: number;
  readonly feedbackTtlMs: number;
  /** Absolute path, as is `stateDir`. */
  readonly modelRegistry: string;
  readonly stateDir: string;
  readonly defaultModel: string;
  /** By model, as the file says; `defaultModel` is among them. It has no prototype. */
  readonly rollout: Readonly<Record<string, RolloutConfig>>;
  /** CANARY_PERCENT: for the canary of `defaultModel`; 0 is the toggle; null when it is not set. */
  readonly canaryPercent: number | null;
  /** Inference processes; the physical cores that the cgroup grants, unless set. */
  readonly workers: number;
  readonly threadsPerWorker: number;
  /** Processes kept loaded beside the working ones, so that a crash costs no start. */
  readonly spareWorkers: number;
  /** Answers kept in memory at most; 0: no cache at all. */
  readonly cacheMaxItems: number;
  /** Heap that the kept answers may take together. */
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
