import { Injectable } from '@nestjs/common';
import { InferencePoolStatus } from '../inference/pool-status.js';
import { ModelRegistryService, type VersionStatus } from '../model-registry/model-registry.service.js';
import { Lifecycle } from '../request/lifecycle.js';

/** States from which a version does not move on by itself. */
const SETTLED = new Set(['ready', 'failed', 'unloaded', 'discovered']);

/** Whether this process should get requests, from what it knows already: a look costs no work. */
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

  /** Why nothing can be inferred with the default model; null when it can. */
  inferenceProblem(): string | null {
    const { state, workersReady } = this.pool.status();
    if (workersReady === 0) return state === 'starting' ? 'no worker is ready yet' : 'no worker is ready';
    const { defaultModel } = this.registry;
    const stable = this.registry.stable(defaultModel);
    if (stable === undefined || !this.registry.isReady(stable))
      return `the stable version of ${defaultModel} is not ready`;
    return null;
  }

  /** True from the first time that everything was ready. */
  hasStarted(): boolean {
    if (!this.everReady && this.inferenceProblem() === null) this.everReady = true;
    return this.everReady;
  }

  /** True when no configured version is still on its way: each is ready, or never will be without help. */
  isSettled(): boolean {
    return this.configured().every(({ state }) => SETTLED.has(state));
  }

  /** Every version that the configuration gives a role, of all models. */
  configured(): (VersionStatus & { readonly model: string })[] {
    return this.registry
      .models()
      .flatMap((model) => this.registry.describe(model).map((status) => ({ ...status, model })))
      .filter(({ role }) => role !== null);
  }
}
