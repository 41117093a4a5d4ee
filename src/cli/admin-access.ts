import { readFileSync } from 'node:fs';
import { ServiceClient } from '../tools/client/service-client.js';
import { adminTokenOf } from '../base/config/admin-token.js';
import { readReason } from '../base/files/write-error.js';
import { StartError } from '../base/errors/start-error.js';
import { RolloutClient } from '../tools/rollout/rollout-client.js';

/** Where the service is and what opens its /admin. */
export interface AdminFlags {
  readonly url: string;
  readonly adminTokenFile?: string;
}

/** @throws StartError, ConfigError */
function adminToken(path: string | undefined): string {
  if (path === undefined) {
    const token = adminTokenOf();
    if (token !== null) return token;
    throw new StartError('Name the admin token: in ADMIN_TOKEN, or in a file with --admin-token-file.');
  }
  let token: string;
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new StartError(`The admin token cannot be read from ${path}: ${readReason(error)}.`);
  }
  if (/^[!-~]{1,512}$/.test(token)) return token;
  throw new StartError(
    `${path} holds no admin token: allowed are printable ASCII characters without spaces.`,
  );
}

/** Calls under /admin. @throws StartError, ConfigError when there is no token */
export function rolloutClient({ url, adminTokenFile }: AdminFlags, signal: AbortSignal): RolloutClient {
  return new RolloutClient(new ServiceClient({ url, apiKey: adminToken(adminTokenFile), signal }));
}
