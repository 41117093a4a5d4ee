import { RolloutClient, TOKEN } from '../support/rollout-client.js';
import { SliceApp, type Settings } from '../support/slice-app.js';

export { ADMIN, configFile, folder, texts } from '../support/rollout-client.js';

/** The application of the slice, with a client for /admin/canary/sentiment. */
export class RolloutSlice extends RolloutClient<SliceApp> {
  static async start(settings: Settings = {}): Promise<RolloutSlice> {
    return new RolloutSlice(await SliceApp.start({ ADMIN_TOKEN: TOKEN, ...settings }));
  }
}
