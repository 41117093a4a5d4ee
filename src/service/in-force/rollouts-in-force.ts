import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { configuredRollout, isSameRollout, type RolloutInForce } from '../../rollout/rollout-in-force.js';

/**
 * Called once after each change.
 * @param before what was in force until then; undefined for a model that had nothing in force
 */
export type RolloutSubscriber = (now: RolloutInForce, before: RolloutInForce | undefined) => void;

/**
 * The rollouts in force, one per model: at first as the configuration says, then as the service of rollouts publishes
 * them. All who have to know what is in force read it here, or subscribe; none of them keeps a copy of it.
 */
@Injectable()
export class RolloutsInForce {
  private readonly byModel = new Map<string, RolloutInForce>();
  private readonly subscribers = new Set<RolloutSubscriber>();

  constructor(@Inject(SERIN_CONFIG) { rollout }: SerinConfig) {
    for (const [model, section] of Object.entries(rollout)) {
      this.byModel.set(model, configuredRollout(model, section));
    }
  }

  /** Undefined for a model that has no stable version. The object stays the same one until something changes. */
  of(model: string): RolloutInForce | undefined {
    return this.byModel.get(model);
  }

  /** Of every model that has a stable version. */
  all(): RolloutInForce[] {
    return [...this.byModel.values()];
  }

  /** In force for the very next request; subscribers have been called once it returns. Does nothing without a change. */
  publish(now: RolloutInForce): void {
    const before = this.byModel.get(now.model);
    if (before !== undefined && isSameRollout(now, before)) return;
    this.byModel.set(now.model, now);
    for (const subscriber of this.subscribers) subscriber(now, before);
  }

  /** @returns how to stop */
  subscribe(subscriber: RolloutSubscriber): () => void {
    this.subscribers.add(subscriber);
    return () => {
      this.subscribers.delete(subscriber);
    };
  }
}
