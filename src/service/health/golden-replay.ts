import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { AppError } from '../../base/errors/app-error.js';
import { ERROR_TABLE } from '../../base/errors/codes.js';
import { Executor } from '../../engine/dispatch/executor.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { parseParity } from '../../engine/tokenization/parity.js';
import { TokenizationService } from '../tokenization/tokenization.service.js';
import {
  compareWithGolden,
  type GoldenSet,
  pickGolden,
  type ReplayResult,
  UNKNOWN,
} from '../../engine/tasks/golden-set.js';

/**
 * How long a result is reused: several probers ask every few seconds, and a replay costs a worker a few milliseconds.
 */
const FRESH_MS = 10_000;

interface Kept {
  readonly key: string;
  readonly result: ReplayResult;
  readonly at: number;
}

/**
 * Replays golden texts of the default model's stable version. Their token ids are checked with the tokenizer here, once
 * per version. Their scores are checked with a worker, at most every ten seconds and only on request. Only one replay
 * runs at a time, and callers during a replay get the last result, so a probe waits only for the first replay.
 */
@Injectable()
export class GoldenReplay {
  private readonly sets = new Map<string, GoldenSet>();
  private kept: Kept | undefined;
  private running: Promise<ReplayResult> | undefined;

  constructor(
    private readonly registry: ModelRegistryService,
    private readonly tokenization: TokenizationService,
    private readonly executor: Executor,
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
  ) {}

  /**
   * Prepares the first replay while the workers load the models: this process has little else to do then, and loading
   * the tokenizer's library takes a tenth of a second. Never throws; a fault is found again by {@link result}.
   */
  async prepare(): Promise<void> {
    const version = this.replayed();
    if (version !== undefined) await this.goldenSet(version).catch(() => undefined);
  }

  /** The last result; when there is none, waits for the first one. Never throws. */
  async result(): Promise<ReplayResult> {
    const version = this.replayed();
    if (version === undefined || !this.registry.isReady(version)) return UNKNOWN;
    const last = this.kept?.key === version.key ? this.kept : undefined;
    if (last !== undefined && performance.now() - last.at < FRESH_MS) return last.result;
    this.running ??= this.replay(version, last?.result ?? UNKNOWN).finally(() => (this.running = undefined));
    return last?.result ?? this.running;
  }

  /** The version whose texts are replayed. A pipeline has no tokenizer, and no golden texts of its own. */
  private replayed(): ModelVersion | undefined {
    const version = this.registry.stable(this.registry.defaultModel);
    return version?.manifest.pipeline === undefined ? version : undefined;
  }

  private async replay(version: ModelVersion, last: ReplayResult): Promise<ReplayResult> {
    const result = await this.tryReplay(version, last).catch((error: unknown): ReplayResult => {
      return { ...UNKNOWN, status: 'down', reason: error instanceof Error ? error.message : String(error) };
    });
    this.kept = { key: version.key, result, at: performance.now() };
    return result;
  }

  private async tryReplay(version: ModelVersion, last: ReplayResult): Promise<ReplayResult> {
    const checkedAt = new Date().toISOString();
    const check = await this.goldenSet(version);
    if (typeof check === 'string') return { ...UNKNOWN, status: 'down', reason: check, checkedAt };
    const items = check.items.map(({ text }) => ({ version, text, evenEmpty: true }));
    let computations;
    try {
      computations = this.executor.submit(items);
    } catch {
      return last; // An overloaded or unready service proves nothing about the answers.
    }
    const late = setTimeout(() => {
      const error = new AppError('DEADLINE_EXCEEDED', 'The golden texts were not answered in time.');
      for (const computation of computations) computation.cancel(error);
    }, this.config.requestTimeoutMs);
    const outcomes = await Promise.all(computations.map(({ outcome }) => outcome));
    clearTimeout(late);
    if (outcomes.some((outcome) => !outcome.ok && ERROR_TABLE[outcome.error.code].retryable)) return last;
    const answers = outcomes.map((outcome) =>
      outcome.ok ? { ok: true as const, answer: outcome.value.answer } : outcome,
    );
    return { ...compareWithGolden(check, answers), checkedAt };
  }

  /**
   * The texts to replay, or a sentence about the tokenizer's fault. A correct set is kept, because neither the texts
   * nor the tokenizer change.
   */
  private async goldenSet(version: ModelVersion): Promise<GoldenSet | string> {
    const known = this.sets.get(version.key);
    if (known !== undefined) return known;
    const check = await this.tokenization.check(version);
    if (check.status === 'down') {
      return check.reason ?? `${check.mismatches} of ${check.texts} golden texts were tokenized differently`;
    }
    const parity = parseParity(await this.registry.readVerified(version, 'parity.json'));
    const set = pickGolden(parity, version.manifest.labels);
    this.sets.set(version.key, set);
    return set;
  }
}
