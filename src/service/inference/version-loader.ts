import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { AppError } from '../../base/errors/app-error.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { RolloutsInForce } from '../in-force/rollouts-in-force.js';
import { Metrics } from '../observability/metrics.js';
import { estimateVersionBytes, memoryProblem, replacementProblem } from '../../engine/pool/memory-check.js';
import { PipelineVersions } from './pipeline-versions.js';
import { VersionHost } from './version-host.js';

/** How often an unload looks whether the version's last text is answered. */
const DRAIN_CHECK_MS = 50;

/** What is being done to a version, by whoever asked first. */
interface Work {
  readonly kind: 'load' | 'unload';
  readonly result: Promise<void>;
}

/**
 * Brings versions into the workers and out of them: those of the roles at the start, any other while serving. While
 * serving it changes one version at a time, in the order of the calls; what could hurt the traffic is refused.
 */
@Injectable()
export class VersionLoader implements OnModuleInit {
  private readonly logger = new Logger('VersionLoader');
  /** By `<model>/<version>`. */
  private readonly inProgress = new Map<string, Work>();
  private lastTurn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly registry: ModelRegistryService,
    private readonly inForce: RolloutsInForce,
    private readonly host: VersionHost,
    private readonly pipelines: PipelineVersions,
    private readonly metrics: Metrics,
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
  ) {}

  onModuleInit(): void {
    this.lastTurn = this.loadWanted();
  }

  /**
   * Loads a version while serving: its folder is read again, its memory is found, its files are verified, and one
   * worker after the other loads and warms it. Resolves when it is ready in all of them; at once when it was.
   * @throws AppError MODEL_NOT_FOUND, VERSION_NOT_FOUND, CONFLICT while somebody else loads or unloads it, or
   *   VERSION_REFUSED with the reason; the versions that serve are as they were
   */
  async load(model: string, name: string): Promise<void> {
    this.assertFree(model, name);
    const { version, state, reason } = this.registry.reread(model, name);
    if (version === null) throw refused(model, name, reason ?? 'its manifest cannot be read');
    if (state !== 'ready') await this.inTurn('load', version, () => this.loadNow(version));
  }

  /** As {@link load}, but joins whoever loads the version already, and waits for whoever unloads it. */
  async ensureLoaded(model: string, name: string): Promise<void> {
    for (;;) {
      const work = this.inProgress.get(idOf(model, name));
      if (work === undefined) break;
      if (work.kind === 'load') return work.result;
      await work.result.catch(() => undefined);
    }
    return this.load(model, name);
  }

  /**
   * Takes a version out of service: new requests that name it are told VERSION_NOT_READY, those that wait or run are
   * answered, then every worker releases its memory.
   * @throws AppError MODEL_NOT_FOUND, VERSION_NOT_FOUND, CONFLICT when it is not loaded or somebody else loads or
   *   unloads it, or VERSION_REFUSED while traffic depends on it
   */
  async unload(model: string, name: string): Promise<void> {
    this.assertFree(model, name);
    const version = this.unloadable(model, name);
    await this.inTurn('unload', version, async () => {
      // Its role may have changed while it waited for its turn.
      this.unloadable(model, name);
      this.registry.setState(version, 'draining');
      await this.drain(version);
      await this.hostOf(version).unload(version);
      this.registry.setState(version, 'unloaded');
      this.metrics.setVersionMemory(model, name, 0);
    });
  }

  /** One after the other, so that the stable version of each model, which is wanted first, serves first. */
  private async loadWanted(): Promise<void> {
    const settled = new Map<string, Promise<void>>();
    for (const version of this.registry.wanted()) await this.startLoading(version, settled);
    await Promise.all(settled.values());
  }

  /** @param settled by key, of each version whose load has begun: it resolves when that is ready or has failed */
  private async startLoading(version: ModelVersion, settled: Map<string, Promise<void>>): Promise<void> {
    if (settled.has(version.key)) return;
    const isSettled = this.whenSettled(version);
    this.track('load', version, isSettled);
    settled.set(version.key, isSettled);
    this.metrics.setVersionMemory(version.model, version.version, estimateVersionBytes(version));
    if (!(await this.registry.verify(version))) return;
    if (version.manifest.pipeline === undefined) {
      const problem = replacementProblem(version, this.config.workerMaxRssBytes);
      if (problem !== null) this.logger.warn(problem);
      this.host.load(version);
      return;
    }
    for (const used of this.pipelines.hold(version) ?? []) await this.startLoading(used, settled);
    this.pipelines.settle(version);
  }

  private async loadNow(version: ModelVersion): Promise<void> {
    if (this.registry.isReady(version)) return;
    if (version.manifest.pipeline === undefined) await this.loadNetwork(version);
    else await this.loadPipeline(version);
  }

  /** The versions that a pipeline uses are loaded first, and stay loaded when one of them cannot be. */
  private async loadPipeline(version: ModelVersion): Promise<void> {
    const { model, version: name } = version;
    if (await this.registry.verify(version)) {
      for (const used of this.pipelines.hold(version) ?? []) await this.loadUsed(version, used);
      this.pipelines.settle(version);
    }
    if (!this.registry.isReady(version))
      throw refused(model, name, this.registry.status(model, name).reason ?? 'it was given up');
    this.logger.log(`${idOf(model, name)} was loaded, and every version that it uses`);
  }

  private async loadUsed(version: ModelVersion, used: ModelVersion): Promise<void> {
    try {
      await this.loadNow(used);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const reason = `it uses ${idOf(used.model, used.version)}, which cannot be loaded: ${error.message}`;
      this.registry.setState(version, 'failed', reason);
      throw refused(version.model, version.version, reason);
    }
  }

  private async loadNetwork(version: ModelVersion): Promise<void> {
    const { workers, spareWorkers, workerMaxRssBytes } = this.config;
    const problem = memoryProblem(version, {
      processes: workers + spareWorkers,
      workerPids: this.host.workerPids(),
      workerMaxRssBytes,
    });
    if (problem !== null) throw new AppError('VERSION_REFUSED', problem);
    const { model, version: name } = version;
    const startedAt = performance.now();
    this.metrics.setVersionMemory(model, name, estimateVersionBytes(version));
    const isSound = await this.registry.verify(version);
    const result = isSound ? await this.host.loadOneByOne(version) : undefined;
    if (result?.ok !== true)
      throw refused(model, name, this.registry.status(model, name).reason ?? 'it was given up');
    const seconds = (performance.now() - startedAt) / 1000;
    this.metrics.setVersionLoadSeconds(model, name, seconds);
    this.logger.log(
      `${model}/${name} was loaded into every worker, one after the other, in ${seconds.toFixed(1)} s`,
    );
  }

  /**
   * Waits until nothing of a version waits or runs; no request lives longer than the deadline of one. The first look
   * comes a moment later: whoever had picked the version when it began to drain may still ask the cache.
   */
  private async drain(version: ModelVersion): Promise<void> {
    const startedAt = performance.now();
    const host = this.hostOf(version);
    let most = host.textsOf(version);
    let left: number;
    do {
      await delay(DRAIN_CHECK_MS);
      left = host.textsOf(version);
      most = Math.max(most, left);
    } while (left > 0 && performance.now() - startedAt < this.config.requestTimeoutMs);
    const ms = Math.round(performance.now() - startedAt);
    this.logger.log(
      `${idOf(version.model, version.version)} drained: ${most} texts were in flight, ${left} are after ${ms} ms`,
    );
  }

  /** Resolves when a version that is being loaded is ready or has failed. */
  private whenSettled(version: ModelVersion): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.registry.onStateChange((changed, state) => {
        if (changed.key !== version.key || (state !== 'ready' && state !== 'failed')) return;
        stop();
        resolve();
      });
    });
  }

  private inTurn(kind: Work['kind'], version: ModelVersion, work: () => Promise<void>): Promise<void> {
    const result = this.lastTurn.then(work);
    this.lastTurn = result.catch(() => undefined);
    this.track(kind, version, result);
    return result;
  }

  private track(kind: Work['kind'], { model, version }: ModelVersion, result: Promise<void>): void {
    const id = idOf(model, version);
    const forget = (): void => {
      this.inProgress.delete(id);
    };
    this.inProgress.set(id, { kind, result });
    result.then(forget, forget);
  }

  private hostOf({ manifest }: ModelVersion): Pick<VersionHost, 'textsOf' | 'unload'> {
    return manifest.pipeline === undefined ? this.host : this.pipelines;
  }

  private assertFree(model: string, name: string): void {
    const work = this.inProgress.get(idOf(model, name));
    if (work === undefined) return;
    throw new AppError(
      'CONFLICT',
      `Somebody ${work.kind}s the version ${name} of ${model} already; GET /models/${model} shows how far it is.`,
    );
  }

  /** The version, if nobody would miss it. */
  private unloadable(model: string, name: string): ModelVersion {
    const { version, state } = this.registry.status(model, name);
    const user = version === null ? undefined : this.pipelines.userOf(version);
    const needed =
      this.whyNeeded(model, name) ??
      (user === undefined ? null : `is used by ${user}, which is loaded; unload that one first.`);
    if (needed !== null) throw new AppError('VERSION_REFUSED', `The version ${name} of ${model} ${needed}`);
    if (version === null || state !== 'ready') {
      throw new AppError(
        'CONFLICT',
        `The version ${name} of ${model} is ${state}, not ready: there is nothing to unload.`,
      );
    }
    return version;
  }

  private whyNeeded(model: string, name: string): string | null {
    const now = this.inForce.of(model);
    if (now === undefined) return null;
    const { answering, canary, lastGood, percent, shadow } = now;
    if (answering.version.version === name)
      return 'is stable and answers the requests; promote another one first.';
    if (canary?.version.version === name && percent > 0) {
      return `is the canary and gets ${String(percent)} % of the traffic; roll it back first, or set it to 0 %.`;
    }
    if (canary?.version.version === name && shadow) {
      return 'is the canary in shadow mode and is being compared; roll it back first, or set it to 0 %.';
    }
    if (lastGood?.version.version === name) {
      return `is the one that a rollback leads back to; POST /admin/canary/${model}/clear gives that way back up.`;
    }
    return null;
  }
}

const idOf = (model: string, name: string): string => `${model}/${name}`;

function refused(model: string, name: string, reason: string): AppError {
  return new AppError(
    'VERSION_REFUSED',
    `The version ${name} of ${model} was not loaded: ${reason}. Everything else serves as before.`,
  );
}
