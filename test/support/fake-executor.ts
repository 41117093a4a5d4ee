import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../src/base/config/serin-config.js';
import { AppError } from '../../src/base/errors/app-error.js';
import {
  Executor,
  type Computation,
  type InferenceItem,
  type Outcome,
  type Priority,
} from '../../src/engine/dispatch/executor.js';
import { Permits } from '../../src/engine/dispatch/permits.js';
import type { RollingResult } from '../../src/engine/pool/rolling-load.js';
import type { CostCoefficients } from '../../src/engine/protocol/protocol.js';
import type { Answer } from '../../src/engine/tasks/task.js';
import { nothingLeft } from '../../src/engine/text.js';
import { loadTokenizer } from '../../src/engine/tokenization/load-tokenizer.js';
import { parseParity } from '../../src/engine/tokenization/parity.js';
import type { TextTokenizer } from '../../src/engine/tokenization/text-tokenizer.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { readVerified } from '../../src/registry/registry-files.js';
import type {
  InferencePoolStatus,
  InferenceStatus,
  RunListener,
} from '../../src/service/inference/pool-status.js';
import type { VersionHost } from '../../src/service/inference/version-host.js';
import { ModelRegistryService } from '../../src/service/model-registry/model-registry.service.js';
import { Metrics } from '../../src/service/observability/metrics.js';

const COST: CostCoefficients = { fixedMs: 1, perTokenMs: 0, perTokenSquaredMs: 0 };
const BACKGROUND_LIMIT = 64;

/** Words that make a text negative; every other text is positive. */
const NEGATIVE_WORDS = /\b(?:dull|endless|mess|awful|bad|not)\b/;

/** How each run takes its time, in milliseconds: none of it passes really. */
const TOKENIZE_MS = 0.25;
const INFERENCE_MS = 1;

/** A loaded version: its real tokenizer, and the scores on record of its golden texts. */
interface Loaded {
  readonly tokenizer: TextTokenizer;
  readonly golden: ReadonlyMap<string, readonly number[]>;
}

interface Waiting {
  readonly item: InferenceItem;
  readonly priority: Priority;
  readonly admittedAt: number;
  readonly settle: (outcome: Outcome) => void;
}

/**
 * Stands for the worker pool, without processes and models: it admits as the real one does, and answers golden texts
 * with their scores on record and every other text by its words. Tokens are those of the version's real tokenizer.
 * While it is held, texts wait; a test sees them in the queue and lets them go on.
 */
@Injectable()
export class FakeExecutor
  extends Executor
  implements InferencePoolStatus, VersionHost, OnModuleInit, OnApplicationShutdown
{
  private readonly loaded = new Map<string, Loaded>();
  private readonly permits: Readonly<Record<Priority, Permits>>;
  private readonly runListeners: RunListener[] = [];
  private waiting: Waiting[] = [];
  private closing = false;
  private held = false;
  /** False while no worker has ever been ready: then nothing is admitted and nothing is loaded. */
  protected readonly started: boolean = true;

  constructor(
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
    private readonly registry: ModelRegistryService,
    private readonly metrics: Metrics,
  ) {
    super();
    this.permits = { user: new Permits(config.queueLimit), background: new Permits(BACKGROUND_LIMIT) };
  }

  onModuleInit(): void {
    this.metrics.setQueueDepthSource(() => this.status());
    this.metrics.setWorkersSource(() => {
      const { workersWanted, workersReady, spareReady } = this.status();
      return { wanted: workersWanted, ready: workersReady, spareReady };
    });
  }

  onApplicationShutdown(): void {
    this.closing = true;
    const error = new AppError(
      'SHUTTING_DOWN',
      'This instance is shutting down; send the request to another one.',
    );
    this.settle(this.waiting, () => ({ ok: false, error }));
  }

  /** From now on texts wait. */
  hold(): void {
    this.held = true;
  }

  /** The texts that wait are answered, and those that come. */
  release(): void {
    this.held = false;
    this.run();
  }

  status(): InferenceStatus {
    const { workers, spareWorkers } = this.config;
    return {
      workersWanted: workers,
      workersReady: this.started && !this.closing ? workers : 0,
      spareReady: this.started && !this.closing ? spareWorkers : 0,
      queuedTexts: this.waiting.filter(({ priority }) => priority === 'user').length,
      runningTexts: 0,
      backgroundTexts: this.permits.background.inUse,
      restarts: 0,
      startFailuresInARow: { count: 0, lastReason: null },
      state: this.closing ? 'closing' : this.started ? 'ready' : 'starting',
    };
  }

  /** No text takes any time here. */
  largestClients(): readonly [] {
    return [];
  }

  onRun(listener: RunListener): void {
    this.runListeners.push(listener);
  }

  /** No worker dies here. */
  onLoss(): void {
    return;
  }

  override submit(items: readonly InferenceItem[], priority: Priority = 'user'): Computation[] {
    this.admit(items, priority);
    const admittedAt = performance.now();
    const computations = items.map((item): Computation => {
      let settle!: (outcome: Outcome) => void;
      const outcome = new Promise<Outcome>((resolve) => (settle = resolve));
      const waiting: Waiting = { item, priority, admittedAt, settle };
      this.waiting.push(waiting);
      return {
        outcome,
        cancel: (error) => {
          if (this.waiting.includes(waiting)) this.settle([waiting], () => ({ ok: false, error }));
        },
      };
    });
    if (!this.held)
      setImmediate(() => {
        this.run();
      });
    return computations;
  }

  load(version: ModelVersion): void {
    if (!this.started) return;
    void this.loadOneByOne(version);
  }

  async loadOneByOne(version: ModelVersion): Promise<RollingResult> {
    this.registry.setState(version, 'warming');
    try {
      const [tokenizer, parity] = await Promise.all([
        loadTokenizer(version),
        readVerified(version, 'parity.json'),
      ]);
      const golden = new Map(parseParity(parity).items.map(({ text, scores }) => [text, scores]));
      this.loaded.set(version.key, { tokenizer, golden });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.registry.setState(version, 'failed', reason);
      return { ok: false, reason };
    }
    this.registry.setState(version, 'ready');
    return { ok: true, cost: COST };
  }

  textsOf({ key }: ModelVersion): number {
    return this.waiting.filter(({ item }) => item.version.key === key).length;
  }

  unload(version: ModelVersion): Promise<void> {
    const ofIt = this.waiting.filter(({ item }) => item.version.key === version.key);
    this.settle(ofIt, () => ({ ok: false, error: notLoaded(version) }));
    this.loaded.delete(version.key);
    return Promise.resolve();
  }

  workerPids(): number[] {
    return [];
  }

  private admit(items: readonly InferenceItem[], priority: Priority): void {
    if (this.closing)
      throw new AppError('SHUTTING_DOWN', 'This instance is shutting down; send the request to another one.');
    if (!this.started)
      throw new AppError('NOT_READY', 'No worker process is ready to infer; the log says why.');
    const missing = items.find(({ version }) => !this.loaded.has(version.key));
    if (missing !== undefined) throw notLoaded(missing.version);
    const permits = this.permits[priority];
    if (permits.tryTake(items.length)) return;
    throw new AppError('OVERLOADED', 'The queue is full.', { retryAfterMs: 1_000 });
  }

  /** Answers all that wait, the texts of a version as one batch. */
  private run(): void {
    if (this.held) return;
    const versions = new Map(this.waiting.map(({ item: { version } }) => [version.key, version]));
    for (const version of versions.values()) {
      const batch = this.waiting.filter(({ item }) => item.version.key === version.key);
      const answers = batch.map(({ item }) => this.answerTo(item));
      const paddedTokens = answers.length * Math.max(...answers.map(({ tokens }) => tokens));
      const times = { tokenizeMs: TOKENIZE_MS, inferenceMs: INFERENCE_MS };
      this.metrics.observeBatch({
        model: version.model,
        version: version.version,
        texts: answers.length,
        paddedTokens,
        ...times,
      });
      for (const listener of this.runListeners)
        listener(version, { inferenceMs: INFERENCE_MS, paddedTokens });
      const resultAt = performance.now();
      this.settle(batch, ({ admittedAt, item }, i) => {
        if (item.evenEmpty !== true && this.isEmpty(item)) return { ok: false, error: nothingLeft('text') };
        const value = {
          answer: answers[i] ?? { value: { scores: [] }, tokens: 0, truncated: false },
          ...times,
          admittedAt,
          resultAt,
          queueMs: resultAt - admittedAt,
          transferMs: 0,
          batchSize: batch.length,
        };
        return { ok: true, value };
      });
    }
  }

  private settle(texts: readonly Waiting[], outcomeOf: (text: Waiting, i: number) => Outcome): void {
    this.waiting = this.waiting.filter((text) => !texts.includes(text));
    for (const [i, text] of texts.entries()) {
      this.permits[text.priority].release(1);
      text.settle(outcomeOf(text, i));
    }
  }

  private isEmpty({ version, text }: InferenceItem): boolean {
    const { tokenizer } = this.loaded.get(version.key) ?? {};
    return tokenizer?.isEmpty(tokenizer.encode(text).ids) ?? false;
  }

  private answerTo({ version, text }: InferenceItem): Answer {
    const { tokenizer, golden } = this.loaded.get(version.key) ?? {};
    if (tokenizer === undefined || golden === undefined) throw new Error(`${version.key} is not loaded`);
    const { ids, truncated } = tokenizer.encode(text);
    const scores = golden.get(text) ?? scoresOf(version, text);
    return { value: { scores }, tokens: ids.length, truncated };
  }
}

/** As in the first moments of a process, before any worker is ready. */
@Injectable()
export class NeverReadyExecutor extends FakeExecutor {
  protected override readonly started = false;
}

/** NEGATIVE, POSITIVE: near 1 for what the words say, and a little different for each text and version. */
function scoresOf(version: ModelVersion, text: string): number[] {
  const seed = createHash('sha256').update(`${version.version} ${text}`).digest().readUInt16BE();
  const sure = 0.9 + seed / 1_000_000;
  return NEGATIVE_WORDS.test(text) ? [sure, 1 - sure] : [1 - sure, sure];
}

const notLoaded = ({ version }: ModelVersion): AppError =>
  new AppError('VERSION_NOT_READY', `The version ${version} is not loaded.`);
