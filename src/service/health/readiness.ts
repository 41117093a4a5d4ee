import { Injectable } from '@nestjs/common';
import { InferencePoolStatus } from '../inference/pool-status.js';
import { ModelRegistryService, type VersionStatus } from '../model-registry/model-registry.service.js';
import { Lifecycle } from '../request/lifecycle.js';

/** States that a version does not leave by itself. */
const SETTLED = new Set(['ready', 'failed', 'unloaded', 'discovered']);

/** Decides whether this process should get requests. It only reads known states, so a check costs no work. */
@Injectable()
export class Readiness {
  private everReady = false;

  constructor(
    private readonly registry: ModelRegistryService,
    private readonly pool: InferencePoolStatus,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** Why the process should get no requests now; null when it should. */
  problem(): string | null {
    if (this.lifecycle.phase !== 'serving') return 'shutting down';
    const problem = this.inferenceProblem();
    if (problem === null) this.everReady = true;
    return problem;
  }

  /** Why the default model cannot answer; null when it can. */
  inferenceProblem(): string | null {
    const { state, workersReady, startFailuresInARow } = this.pool.status();
    if (workersReady === 0) {
      const { lastReason } = startFailuresInARow;
      const why = lastReason === null ? '' : `; the start of the last one failed: ${lastReason}`;
      return `${state === 'starting' ? 'no worker is ready yet' : 'no worker is ready'}${why}`;
    }
    const { defaultModel } = this.registry;
    const stable = this.registry.stable(defaultModel);
    if (stable === undefined || !this.registry.isReady(stable))
      return `the stable version of ${defaultModel} is not ready`;
    return null;
  }

  /** True once the process has been ready for the first time. */
  hasStarted(): boolean {
    if (!this.everReady && this.inferenceProblem() === null) this.everReady = true;
    return this.everReady;
  }

  /** True when no version with a role is still loading: each is ready, or cannot become ready without an operator. */
  isSettled(): boolean {
    return this.configured().every(({ state }) => SETTLED.has(state));
  }

  /** Every version with a role, of all models. */
  configured(): (VersionStatus & { readonly model: string })[] {
    return this.registry
      .models()
      .flatMap((model) => this.registry.describe(model).map((status) => ({ ...status, model })))
      .filter(({ role }) => role !== null);
  }
}
