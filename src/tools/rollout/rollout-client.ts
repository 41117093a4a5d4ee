import { setTimeout as delay } from 'node:timers/promises';
import type { RolloutView } from '../../rollout/rollout-types.js';
import { RequestFailed } from '../client/request-failed.js';
import { notSerin, type ServiceClient } from '../client/service-client.js';
import { StartError } from '../../base/errors/start-error.js';
import { adminFailure } from './refused.js';

/** Optional fields of every change. */
export interface Change {
  /** The revision that the caller expects; undefined when every revision will do. */
  readonly revision?: number | undefined;
  /** Kept with the move. */
  readonly reason?: string | undefined;
}

export interface ShareChange extends Change {
  /** 0 to 100, in hundredths. */
  readonly percent: number;
  /** Undefined: the canary as it is. */
  readonly version?: string | undefined;
  readonly force?: boolean | undefined;
}

export type MoveRoute = 'promote' | 'rollback' | 'clear' | 'pause' | 'resume';

/** How the last texts of a canary came to their end. */
export interface Drain {
  /** Texts in flight when it was first looked. */
  readonly inFlight: number;
  readonly left: number;
  readonly tookMs: number;
}

const ROUTE = 'admin/canary';
const DRAIN_LOOK_MS = 10;

/** The rollouts of a running service. Every method throws StartError, or Refused when the service says no. */
export class RolloutClient {
  /** @param service with the admin token as its key */
  constructor(private readonly service: Pick<ServiceClient, 'get' | 'put' | 'post' | 'url'>) {}

  async list(): Promise<readonly RolloutView[]> {
    const { rollouts } = (await this.ask(this.service.get(ROUTE), false)) as {
      rollouts?: readonly RolloutView[];
    };
    if (!Array.isArray(rollouts)) throw notSerin(this.service.url);
    return rollouts as readonly RolloutView[];
  }

  /** The name as it is; without one that of the only rollout. */
  async modelNamed(name: string | undefined): Promise<string> {
    if (name !== undefined) return name;
    const models = (await this.list()).map(({ model_name: model }) => model);
    const [only] = models;
    if (only !== undefined && models.length === 1) return only;
    throw new StartError(
      models.length === 0 ? 'The service has no rollout.' : `Name the model: ${models.join(', ')}.`,
    );
  }

  view(model: string): Promise<RolloutView> {
    return this.rollout(this.service.get(this.route(model)), false);
  }

  set(model: string, change: ShareChange): Promise<RolloutView> {
    return this.rollout(this.service.put(this.route(model), change), true);
  }

  act(model: string, move: MoveRoute, change: Change): Promise<RolloutView> {
    return this.rollout(this.service.post(`${this.route(model)}/${move}`, change), true);
  }

  /** Looks until the canary answers nothing any more, at most so long. */
  async drained(first: RolloutView, atMostMs: number): Promise<Drain> {
    const startedAt = performance.now();
    let left = first.in_flight;
    while (left > 0 && performance.now() - startedAt < atMostMs) {
      await delay(DRAIN_LOOK_MS);
      ({ in_flight: left } = await this.view(first.model_name));
    }
    return { inFlight: first.in_flight, left, tookMs: performance.now() - startedAt };
  }

  private route(model: string): string {
    return `${ROUTE}/${encodeURIComponent(model)}`;
  }

  private async rollout(call: Promise<object>, isChange: boolean): Promise<RolloutView> {
    const view = (await this.ask(call, isChange)) as Partial<RolloutView>;
    if (typeof view.phase !== 'string' || typeof view.revision !== 'number') throw notSerin(this.service.url);
    return view as RolloutView;
  }

  private async ask(call: Promise<object>, isChange: boolean): Promise<object> {
    try {
      return await call;
    } catch (error) {
      throw error instanceof RequestFailed ? adminFailure(error, isChange) : error;
    }
  }
}
