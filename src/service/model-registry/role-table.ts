import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';

/** Which version of a model does what, by name; a name says nothing about whether that version is ready. */
export interface ModelRoles {
  readonly stable: string;
  /** Never the stable one. */
  readonly canary: string | null;
  /** The stable version before the last promotion: it stays loaded, for a rollback leads back to it. */
  readonly lastGood: string | null;
  /** Percent of the traffic that the canary gets now, 0 to 100. */
  readonly share: number;
  /** True while the canary computes what the stable version has answered. */
  readonly shadow: boolean;
}

/** Called after the roles of a model have changed. */
export type RoleListener = (model: string, roles: ModelRoles, before: ModelRoles | undefined) => void;

/**
 * Who is stable, canary and last good now. It begins as the file says; only src/canary writes to it, since
 * only a rollout moves a role. Everybody else reads.
 */
@Injectable()
export class RoleTable {
  private readonly byModel = new Map<string, ModelRoles>();
  private readonly listeners = new Set<RoleListener>();

  constructor(@Inject(SERIN_CONFIG) { rollout }: SerinConfig) {
    for (const [model, { stable, canary, percent, mode }] of Object.entries(rollout)) {
      this.byModel.set(model, { stable, canary, lastGood: null, share: percent, shadow: mode === 'shadow' });
    }
  }

  /** Models that have a stable version. */
  models(): string[] {
    return [...this.byModel.keys()];
  }

  /** Undefined for a model that has no stable version. */
  of(model: string): ModelRoles | undefined {
    return this.byModel.get(model);
  }

  stable(model: string): string | undefined {
    return this.byModel.get(model)?.stable;
  }

  canary(model: string): string | null {
    return this.byModel.get(model)?.canary ?? null;
  }

  lastGood(model: string): string | null {
    return this.byModel.get(model)?.lastGood ?? null;
  }

  /** Percent of the traffic that the canary gets now; 0 without one. */
  share(model: string): number {
    return this.byModel.get(model)?.share ?? 0;
  }

  /** Takes effect for the next request; the listeners are told before it returns. */
  set(model: string, roles: ModelRoles): void {
    const before = this.byModel.get(model);
    this.byModel.set(model, roles);
    for (const listener of this.listeners) listener(model, roles, before);
  }

  /** @returns how to stop listening */
  onChange(listener: RoleListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }
}
