import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../../base/errors/app-error.js';
import { TOO_LATE, within } from '../../base/within-deadline.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { Caller } from '../request/caller.js';
import { VersionLoader } from './version-loader.js';

/** Wait that a caller is told whose deadline came before the version was loaded, in milliseconds. */
const RETRY_MS = 1_000;

/** States of a version that is not loaded yet, and has not failed. */
const NOT_LOADED = new Set(['discovered', 'unloaded', 'loading', 'warming']);

/**
 * Loads the versions of a model with `load: first_use` for the first request that needs them. A version that failed is
 * not tried again: an operator loads it, when the cause is gone.
 */
@Injectable()
export class FirstUse {
  private readonly logger = new Logger('VersionLoader');
  /** By the key of the version that is being loaded. */
  private readonly loads = new Map<string, Promise<string | null>>();

  constructor(
    private readonly registry: ModelRegistryService,
    private readonly loader: VersionLoader,
  ) {}

  /**
   * Undefined when the version that the caller needs is loaded, or is none that a first use loads: so a caller of a
   * loaded model waits for no promise.
   * @returns resolves when the version is ready; rejects with VERSION_NOT_READY when it cannot be loaded, and with the
   *   time after which a retry makes sense when the caller's deadline comes first. The load goes on
   */
  needed({ model, version, deadlineAt }: Caller): Promise<void> | undefined {
    if (model === undefined || !this.registry.isLoadedAtFirstUse(model)) return undefined;
    const wanted = this.registry.wantedOf(model);
    const needed =
      version === undefined ? wanted[0] : wanted.find((candidate) => candidate.version === version);
    if (needed === undefined || !NOT_LOADED.has(this.registry.status(model, needed.version).state))
      return undefined;
    const loaded = this.load(needed);
    for (const other of wanted) void this.load(other);
    return this.inTime(needed, loaded, deadlineAt);
  }

  private async inTime(
    needed: ModelVersion,
    load: Promise<string | null>,
    deadlineAt: number,
  ): Promise<void> {
    const problem = await within(Math.max(0, deadlineAt - performance.now()), load);
    if (problem === TOO_LATE) {
      const sentence = `The version ${needed.version} of ${needed.model} is loaded at its first use, which takes longer than this request had time.`;
      throw new AppError('VERSION_NOT_READY', sentence, { retryAfterMs: RETRY_MS });
    }
    if (problem !== null) throw new AppError('VERSION_NOT_READY', problem);
  }

  /** @returns a sentence that says why it was not loaded; null when it is ready. Never rejects */
  private load(version: ModelVersion): Promise<string | null> {
    const known = this.loads.get(version.key);
    if (known !== undefined) return known;
    const load = this.loadNow(version).finally(() => {
      this.loads.delete(version.key);
    });
    this.loads.set(version.key, load);
    return load;
  }

  private async loadNow({ model, version }: ModelVersion): Promise<string | null> {
    if (!NOT_LOADED.has(this.registry.status(model, version).state)) return null;
    try {
      await this.loader.ensureLoaded(model, version);
      return null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error(`first use of ${model}/${version}: ${reason}`);
      return reason;
    }
  }
}
