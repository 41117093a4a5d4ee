import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { configuredRollout, isSameRollout, type RolloutInForce } from '../../rollout/rollout-in-force.js';

/**
 * Called once after each change.
 * @param before the rollout in force before the change; undefined for a model that had none
 */
export type RolloutSubscriber = (now: RolloutInForce, before: RolloutInForce | undefined) => void;

/**
 * The rollouts in force, one per model: at first from the configuration, then as the rollout service publishes them.
 * Every component that needs the rollout in force reads it here or subscribes; none keeps a copy.
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

  /**
   * The rollout in force of a model; undefined when the model has no stable version. The same object is returned until
   * something changes.
   */
  of(model: string): RolloutInForce | undefined {
    return this.byModel.get(model);
  }

  /** The rollout in force of every model that has a stable version. */
  all(): RolloutInForce[] {
    return [...this.byModel.values()];
  }

  /**
   * Puts a rollout in force for the next request. Subscribers have been called when it returns. Does nothing when
   * nothing changed.
   */
  publish(now: RolloutInForce): void {
    const before = this.byModel.get(now.model);
    if (before !== undefined && isSameRollout(now, before)) return;
    this.byModel.set(now.model, now);
    for (const subscriber of this.subscribers) subscriber(now, before);
  }

  /** @returns a function that removes the subscriber */
  subscribe(subscriber: RolloutSubscriber): () => void {
    this.subscribers.add(subscriber);
    return () => {
      this.subscribers.delete(subscriber);
    };
  }
}
