import { RolloutClient, TOKEN } from '../support/rollout-client.js';
import { Service, type Settings } from './harness.js';

export { ADMIN, configFile, folder, texts } from '../support/rollout-client.js';

/** The service, with a client for /admin/canary/sentiment. */
export class RolloutService extends RolloutClient<Service> {
  static async start(settings: Settings = {}): Promise<RolloutService> {
    return new RolloutService(await Service.start({ ADMIN_TOKEN: TOKEN, ...settings }));
  }
}
