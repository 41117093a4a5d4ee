import { Injectable } from '@nestjs/common';
import { AppError } from '../../base/errors/app-error.js';
import type { Computation, InferenceItem, Priority } from '../../engine/dispatch/executor.js';
import type { UsedVersion } from '../../registry/manifest.js';
import type { ModelVersion, VersionState } from '../../registry/model-version.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { VersionHost } from './version-host.js';

/** Runs the texts of versions that have a pipeline; service/pipelines, which stands above answers, binds itself. */
export interface PipelineRunner {
  /** Names of the pipelines that this process has. */
  names(): readonly string[];
  /** Starts one run per text. Never throws. @param item of a version whose pipeline is one of `names` */
  run(item: InferenceItem, priority: Priority): Computation;
}

/** A pipeline version that is loaded, or is being loaded. */
interface Held {
  readonly version: ModelVersion;
  readonly uses: readonly ModelVersion[];
  readonly runs: Set<Computation>;
}

/** States in which a pipeline version needs the versions that it uses. */
const NEEDS: ReadonlySet<VersionState> = new Set(['loading', 'ready', 'draining']);

/**
 * The versions that have a pipeline in place of a network: which versions each of them uses, and its state, which
 * follows theirs. No worker ever sees them.
 */
@Injectable()
export class PipelineVersions implements Pick<VersionHost, 'textsOf' | 'unload'> {
  private runner: PipelineRunner | null = null;
  /** By the key of the pipeline version. */
  private readonly held = new Map<string, Held>();

  constructor(private readonly registry: ModelRegistryService) {
    registry.onStateChange((version, state) => {
      this.follow(version, state);
    });
  }

  /** To be called before the first version is loaded, thus in a constructor. */
  bind(runner: PipelineRunner): void {
    this.runner = runner;
  }

  /**
   * Takes a pipeline version in, from which moment on the versions that it uses cannot be unloaded. It is ready once
   * {@link settle} finds all of them ready, and failed when one of them fails.
   * @returns the versions that it uses, to be loaded; null: it has `failed` with the reason
   */
  hold(version: ModelVersion): readonly ModelVersion[] | null {
    const uses: ModelVersion[] = [];
    const problems = this.unknownPipeline(version);
    for (const used of Object.values(version.manifest.uses ?? {})) {
      const found = this.find(used);
      if (typeof found === 'string') problems.push(found);
      else uses.push(found);
    }
    if (problems.length > 0) {
      this.held.delete(version.key);
      this.registry.setState(version, 'failed', problems.join('; '));
      return null;
    }
    this.held.set(version.key, { version, uses, runs: new Set() });
    return uses;
  }

  /** Makes a version ready whose used versions are all ready. */
  settle({ key }: ModelVersion): void {
    const held = this.held.get(key);
    if (held?.uses.every((used) => this.registry.isReady(used)) === true)
      this.registry.setState(held.version, 'ready');
  }

  /** `model/version` of a pipeline version that is loaded and uses this one; undefined when none does. */
  userOf({ key }: ModelVersion): string | undefined {
    for (const { version, uses } of this.held.values()) {
      if (uses.some((used) => used.key === key) && NEEDS.has(this.stateOf(version))) return idOf(version);
    }
    return undefined;
  }

  /** @throws AppError VERSION_NOT_READY when the version is not loaded */
  assertOpen(version: ModelVersion): void {
    const isOpen = this.held.has(version.key) && NEEDS.has(this.stateOf(version));
    if (!isOpen || this.runner === null) throw notLoaded(version);
  }

  /** Starts the run of a text. @throws AppError VERSION_NOT_READY, as {@link assertOpen} */
  run(item: InferenceItem, priority: Priority): Computation {
    const held = this.held.get(item.version.key);
    if (held === undefined || this.runner === null) throw notLoaded(item.version);
    const run = this.runner.run(item, priority);
    held.runs.add(run);
    void run.outcome.then(() => held.runs.delete(run));
    return run;
  }

  textsOf({ key }: ModelVersion): number {
    return this.held.get(key)?.runs.size ?? 0;
  }

  unload(version: ModelVersion): Promise<void> {
    const held = this.held.get(version.key);
    this.held.delete(version.key);
    for (const run of held?.runs ?? []) run.cancel(notLoaded(version));
    return Promise.resolve();
  }

  private unknownPipeline({ manifest: { pipeline } }: ModelVersion): string[] {
    const names = this.runner?.names() ?? [];
    if (pipeline !== undefined && names.includes(pipeline)) return [];
    return [
      `its pipeline ${JSON.stringify(pipeline)} is unknown; this release has ${names.join(', ') || 'none'}`,
    ];
  }

  /** The version with these very files, or why there is none. */
  private find({ model, version: name, digest }: UsedVersion): ModelVersion | string {
    const loaded = this.registry.versionOf(model, { version: name, digest });
    if (loaded !== undefined && this.registry.isReady(loaded)) return loaded;
    try {
      const { version, reason } = this.registry.reread(model, name);
      if (version === null)
        return `it uses ${model}/${name}, which cannot be used: ${reason ?? 'no reason given'}`;
      if (version.digest === digest) return version;
      return `it uses ${model}/${name} with the digest ${short(digest)}, but the registry has it with ${short(version.digest)}`;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return `it uses ${model}/${name}, which cannot be loaded: ${error.message}`;
    }
  }

  /** The state of a pipeline version follows those of the versions that it uses. */
  private follow(changed: ModelVersion, state: VersionState): void {
    for (const { version, uses } of [...this.held.values()]) {
      if (!uses.some(({ key }) => key === changed.key)) continue;
      const own = this.stateOf(version);
      if (state === 'ready' && own !== 'draining') this.settle(version);
      else if (state === 'unloaded') this.held.delete(version.key);
      else if (state === 'failed' && own !== 'draining') {
        const { reason } = this.registry.status(changed.model, changed.version);
        const why = `it uses ${idOf(changed)}, which failed: ${reason ?? 'no reason given'}`;
        this.registry.setState(version, 'failed', why);
      }
    }
  }

  private stateOf({ model, version }: ModelVersion): VersionState {
    return this.registry.status(model, version).state;
  }
}

const idOf = ({ model, version }: ModelVersion): string => `${model}/${version}`;

const short = (digest: string): string => digest.slice(0, 12);

const notLoaded = ({ version }: ModelVersion): AppError =>
  new AppError('VERSION_NOT_READY', `The version ${version} is not loaded.`);
