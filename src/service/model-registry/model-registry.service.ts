import { Inject, Injectable, Logger } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { AppError } from '../../base/errors/app-error.js';
import { StartError } from '../../base/errors/start-error.js';
import { Metrics } from '../observability/metrics.js';
import { RolloutsInForce } from '../in-force/rollouts-in-force.js';
import { type ModelVersion, type VersionState, mayFollow } from '../../registry/model-version.js';
import { byName, type FoundVersion, readRegistry, readVerified, readVersion, verifyVersion } from '../../registry/registry-files.js';
import type { VersionRef } from '../../rollout/rollout-types.js';

export type VersionRole = 'stable' | 'canary' | 'last_good';

/** A version as GET /models shows it; `version` is null when its manifest cannot be read. */
export interface VersionStatus {
  readonly name: string;
  readonly version: ModelVersion | null;
  readonly state: VersionState;
  readonly reason: string | null;
  readonly role: VersionRole | null;
}

/** Called after a version has moved to another state. */
export type StateListener = (version: ModelVersion, state: VersionState) => void;

/** States in which a worker process has loaded the version, or is loading it. */
const HELD: ReadonlySet<VersionState> = new Set(['loading', 'warming', 'ready', 'draining']);

interface Entry {
  readonly version: ModelVersion | null;
  state: VersionState;
  reason: string | null;
}

/**
 * Knows the versions that exist, the versions that must be loaded, and the state of each version. It reads the
 * registry's folder at the start, and reads one version's folder again before that version is loaded. Only this class
 * changes the state of a version; model-version.ts lists the allowed transitions.
 */
@Injectable()
export class ModelRegistryService {
  private readonly logger = new Logger('ModelRegistry');
  private readonly entries: Map<string, Map<string, Entry>>;
  private readonly listeners = new Set<StateListener>();

  /** @throws StartError when the registry is missing, or lacks a model or a version that the configuration names */
  constructor(
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
    private readonly metrics: Metrics,
    private readonly inForce: RolloutsInForce,
  ) {
    const listing = readRegistry(config.modelRegistry);
    this.entries = new Map(
      [...listing].map(([model, found]) => [model, new Map(found.map((item): [string, Entry] => [item.name, entryOf(item)]))]),
    );
    this.checkConfiguration();
    for (const [model, versions] of this.entries) {
      for (const [name, { state, reason }] of versions) {
        metrics.setVersionState(model, name, state);
        if (state === 'failed') this.logger.error(`${model}/${name} failed: ${reason ?? ''}`);
      }
    }
  }

  get defaultModel(): string {
    return this.config.defaultModel;
  }

  models(): string[] {
    return [...this.entries.keys()];
  }

  /** The versions to load at the start, of every model that is not loaded at its first use. */
  wanted(): ModelVersion[] {
    return this.inForce
      .all()
      .flatMap(({ model }) => (this.isLoadedAtFirstUse(model) ? [] : this.wantedOf(model)));
  }

  /** Whether the versions of a model are loaded for the first request that needs them. */
  isLoadedAtFirstUse(model: string): boolean {
    return this.config.models[model]?.load === 'first_use';
  }

  /** The versions of a model that have a role: the stable one, then the canary, then the last good one. */
  wantedOf(model: string): ModelVersion[] {
    const now = this.inForce.of(model);
    const wanted = [now?.answering, now?.canary, now?.lastGood].map((candidate) =>
      this.find(model, candidate?.version.version),
    );
    // Two candidates may share one version and differ only in their policies.
    return [...new Set(wanted.filter((version) => version !== undefined))];
  }

  /** The stable version of a model, whatever its state; undefined when it cannot be read or the model has none. */
  stable(model: string): ModelVersion | undefined {
    return this.find(model, this.stableName(model));
  }

  /** The version with this name and this digest, whatever its state; undefined when the registry has none. */
  versionOf(model: string, { version, digest }: VersionRef): ModelVersion | undefined {
    const found = this.find(model, version);
    return found?.digest === digest ? found : undefined;
  }

  isReady(version: ModelVersion): boolean {
    return this.entryFor(version)?.state === 'ready';
  }

  /**
   * The version that must answer a request: the named version, or the stable version of its model.
   * @throws AppError MODEL_NOT_FOUND, VERSION_NOT_FOUND, VERSION_NOT_READY, or NOT_READY when the request named no
   *   version
   */
  resolve(model: string = this.defaultModel, version?: string): ModelVersion {
    const versions = this.versionsOf(model);
    const name = version ?? this.stableName(model);
    if (name === undefined) {
      throw new AppError('VERSION_NOT_READY', `The model ${model} has no stable version configured; name a version.`);
    }
    const entry = versions.get(name);
    if (entry === undefined) throw this.noSuchVersion(model, name);
    if (entry.version === null || entry.state !== 'ready') {
      const code = version === undefined ? 'NOT_READY' : 'VERSION_NOT_READY';
      throw new AppError(code, `The version ${name} of ${model} is ${entry.state}, not ready.`);
    }
    return entry.version;
  }

  /** @throws AppError MODEL_NOT_FOUND */
  describe(model: string): VersionStatus[] {
    return [...this.versionsOf(model)].map(([name, entry]) => ({ name, ...entry, role: this.role(model, name) }));
  }

  /** @throws AppError MODEL_NOT_FOUND, VERSION_NOT_FOUND */
  status(model: string, name: string): VersionStatus {
    const status = this.describe(model).find((candidate) => candidate.name === name);
    if (status === undefined) throw this.noSuchVersion(model, name);
    return status;
  }

  /**
   * Reads the manifest under one name again, because an operator may have copied or replaced the folder since the last
   * reading. A loaded version is not replaced.
   * @throws AppError MODEL_NOT_FOUND, VERSION_NOT_FOUND, or VERSION_REFUSED when a loaded version of another digest has
   *   this name
   */
  reread(model: string, name: string): VersionStatus {
    const found = readVersion(this.config.modelRegistry, model, name);
    const known = this.entries.get(model)?.get(name);
    const isHeld = known !== undefined && HELD.has(known.state);
    if (isHeld && found?.version && found.version.digest !== known.version?.digest) {
      const digests = `${shortDigest(known.version)} is loaded, the folder holds ${shortDigest(found.version)} now`;
      throw new AppError('VERSION_REFUSED', `The version ${name} of ${model} has another manifest (${digests}); unload it first, or give the new one a name of its own.`);
    }
    if (!isHeld) {
      if (found === undefined) this.forget(model, name);
      else if (known === undefined || isAnother(found, known)) this.enter(model, found);
    }
    return this.status(model, name);
  }

  /** Changes the state of a version; a transition that model-version.ts does not allow is ignored. */
  setState(version: ModelVersion, state: VersionState, reason: string | null = null): void {
    const entry = this.entryFor(version);
    if (entry === undefined || !mayFollow(entry.state, state)) return;
    entry.state = state;
    entry.reason = reason;
    this.metrics.setVersionState(version.model, version.version, state);
    const name = `${version.model}/${version.version}`;
    if (state === 'failed') this.logger.error(`${name} failed: ${reason ?? 'no reason given'}`);
    else this.logger.log(`${name} is ${state}`);
    for (const listener of this.listeners) listener(version, state);
  }

  /** @returns a function that removes the listener */
  onStateChange(listener: StateListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /**
   * Checks every file of a version against its manifest, before the version is loaded.
   * @returns false when a file does not match; the version is then `failed`, with the reason
   */
  async verify(version: ModelVersion): Promise<boolean> {
    this.setState(version, 'loading');
    const problems = await verifyVersion(version);
    if (problems.length > 0) this.setState(version, 'failed', problems.join('; '));
    return problems.length === 0;
  }

  /** Reads one file; rejects when its bytes do not match its digest. */
  readVerified(version: ModelVersion, file: string): Promise<Buffer> {
    return readVerified(version, file);
  }

  private versionsOf(model: string): ReadonlyMap<string, Entry> {
    const versions = this.entries.get(model);
    if (versions !== undefined) return versions;
    throw new AppError('MODEL_NOT_FOUND', `There is no model ${JSON.stringify(model)}; there is ${this.models().join(', ')}.`);
  }

  private noSuchVersion(model: string, name: string): AppError {
    const known = [...this.versionsOf(model).keys()].join(', ');
    return new AppError('VERSION_NOT_FOUND', `The model ${model} has no version ${JSON.stringify(name)}; it has ${known}.`);
  }

  /** The entry of this version; undefined when the entry under this name is of another digest. */
  private entryFor({ model, version, key }: ModelVersion): Entry | undefined {
    const entry = this.entries.get(model)?.get(version);
    return entry?.version?.key === key ? entry : undefined;
  }

  private enter(model: string, found: FoundVersion): void {
    const entry = entryOf(found);
    const versions = new Map(this.entries.get(model)).set(found.name, entry);
    this.entries.set(model, new Map([...versions].sort(([a], [b]) => byName(a, b))));
    this.metrics.setVersionState(model, found.name, entry.state);
    if (entry.state === 'failed') this.logger.error(`${model}/${found.name} failed: ${entry.reason ?? ''}`);
    else this.logger.log(`${model}/${found.name} is discovered, with the digest ${shortDigest(entry.version)}`);
  }

  /** Removes a version that has no role. A version with a role stays listed even when its folder is gone. */
  private forget(model: string, name: string): void {
    if (this.role(model, name) === null) this.entries.get(model)?.delete(name);
  }

  private find(model: string, name: string | undefined): ModelVersion | undefined {
    return name === undefined ? undefined : (this.entries.get(model)?.get(name)?.version ?? undefined);
  }

  private role(model: string, name: string): VersionRole | null {
    const now = this.inForce.of(model);
    if (now?.answering.version.version === name) return 'stable';
    if (now?.canary?.version.version === name) return 'canary';
    return now?.lastGood?.version.version === name ? 'last_good' : null;
  }

  private stableName(model: string): string | undefined {
    return this.inForce.of(model)?.answering.version.version;
  }

  /** A configuration that names a missing model or version stops the start: the operator must correct it. */
  private checkConfiguration(): void {
    for (const [model, { stable, canary }] of Object.entries(this.config.rollout)) {
      const versions = this.entries.get(model);
      if (versions === undefined) {
        throw new StartError(`rollout.${model}: the registry ${this.config.modelRegistry} has no model ${model}; it has ${this.models().join(', ')}.`);
      }
      for (const [role, name] of Object.entries({ stable, canary })) {
        if (name === null || versions.has(name)) continue;
        throw new StartError(`rollout.${model}.${role}: the model has no version ${name}; it has ${[...versions.keys()].join(', ')}.`);
      }
    }
    if (this.config.rollout[this.defaultModel] === undefined) {
      throw new StartError(`default_model: ${this.defaultModel} has no entry under rollout that names its stable version.`);
    }
  }
}

function entryOf(found: FoundVersion): Entry {
  return found.version === null
    ? { version: null, state: 'failed', reason: found.reason }
    : { version: found.version, state: 'discovered', reason: null };
}

/** False when the registry already knows this manifest, or already knows why the manifest cannot be read. */
function isAnother(found: FoundVersion, known: Entry): boolean {
  if (found.version !== null) return found.version.digest !== known.version?.digest;
  return known.version !== null || found.reason !== known.reason;
}

const shortDigest = (version: ModelVersion | null): string => version?.digest.slice(0, 12) ?? 'none';
