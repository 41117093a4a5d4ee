import { summarize, type LatencySummary } from '../../../base/statistics/quantiles.js';
import type { Reply } from '../../traffic/reply.js';
import { binomialRange } from './binomial.js';

/** How sure the bounds of the share are: a sound split is outside once in a thousand drills. */
const CONFIDENCE = 0.999;

/** One version as seen by clients. */
export interface VersionPart {
  readonly requests: number;
  /** Answers from the cache; not in the latency. */
  readonly cached: number;
  readonly latency: LatencySummary | null;
}

/** Users by the version that answered them, for the share asked for. */
export interface SharePart {
  readonly asked_percent: number;
  readonly users: number;
  readonly canary_users: number;
  readonly observed_percent: number | null;
  /** Numbers of canary users that the binomial distribution allows, 99.9 %. */
  readonly allowed_low: number;
  readonly allowed_high: number;
  readonly within: boolean;
  /** Users that got answers from both versions; with a sticky split there are none. */
  readonly switched_users: number;
}

/** One stretch of a drill, as its clients saw it. */
export interface DrillPart {
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly share: SharePart;
  readonly versions: Readonly<Record<string, VersionPart>>;
}

interface Tally {
  requests: number;
  cached: number;
  readonly latenciesMs: number[];
}

/** Counts the answers that clients get while the canary's share does not change. */
export class PartRecorder {
  private readonly startedAt = performance.now();
  private endedAt: number | null = null;
  private readonly versions = new Map<string, Tally>();
  private readonly versionOf = new Map<string, string>();
  private readonly switched = new Set<string>();
  private readonly errors: Record<string, number> = {};
  private requests = 0;
  private failed = 0;

  constructor(
    private readonly canary: string,
    private readonly percent: number,
  ) {}

  /** No further request is of this part; answers to earlier ones still are. */
  end(): void {
    this.endedAt ??= performance.now();
  }

  record(key: string, reply: Reply, latencyMs: number): void {
    this.requests++;
    if (!reply.ok) {
      this.failed++;
      this.errors[reply.code] = (this.errors[reply.code] ?? 0) + 1;
      return;
    }
    const { version, source } = reply;
    const tally = this.versions.get(version) ?? { requests: 0, cached: 0, latenciesMs: [] };
    this.versions.set(version, tally);
    tally.requests++;
    if (source === 'model') tally.latenciesMs.push(latencyMs);
    else tally.cached++;
    if ((this.versionOf.get(key) ?? version) !== version) this.switched.add(key);
    else this.versionOf.set(key, version);
  }

  share(): SharePart {
    const users = this.versionOf.size;
    let canaryUsers = 0;
    for (const version of this.versionOf.values()) if (version === this.canary) canaryUsers++;
    const { low, high } = binomialRange(users, this.percent / 100, CONFIDENCE);
    return {
      asked_percent: this.percent,
      users,
      canary_users: canaryUsers,
      observed_percent: users === 0 ? null : (100 * canaryUsers) / users,
      allowed_low: low,
      allowed_high: high,
      within: canaryUsers >= low && canaryUsers <= high,
      switched_users: this.switched.size,
    };
  }

  summary(): DrillPart {
    const versions = [...this.versions].map(
      ([version, { requests, cached, latenciesMs }]) =>
        [version, { requests, cached, latency: summarize(latenciesMs) }] as const,
    );
    return {
      seconds: ((this.endedAt ?? performance.now()) - this.startedAt) / 1000,
      requests: this.requests,
      failed: this.failed,
      errors: this.errors,
      share: this.share(),
      versions: Object.fromEntries(versions.sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }
}
