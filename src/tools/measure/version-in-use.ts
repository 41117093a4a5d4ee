import { join } from 'node:path';
import type { SerinConfig } from '../../base/config/serin-config.js';
import { isRolloutDocument } from '../../rollout/rollout-document.js';
import { readSealed } from '../../base/files/sealed-file.js';
import { StartError } from '../../base/errors/start-error.js';
import type { VersionName } from '../../registry/find-version.js';

const STATE_ROLES = ['stable', 'canary', 'last_good'] as const;

/**
 * Refuses to change or delete a version that something counts on: the configuration, or the state of a rollout.
 * @throws StartError that says who needs it
 */
export async function checkUnused(
  { rollout, stateDir }: Pick<SerinConfig, 'rollout' | 'stateDir'>,
  { model, version }: VersionName,
  deed: 'removed' | 'replaced',
): Promise<void> {
  const users: string[] = [];
  const configured = Object.hasOwn(rollout, model) ? rollout[model] : undefined;
  if (configured?.stable === version) users.push('the configuration names it as stable');
  if (configured?.canary === version) users.push('the configuration names it as canary');
  const path = join(stateDir, 'rollout', `${model}.json`);
  const state = await readSealed(path);
  if (state.kind === 'torn') users.push(`${path} may name it, but cannot be used: ${state.reason}`);
  if (state.kind === 'content') {
    const document = state.content;
    if (!isRolloutDocument(document, model))
      users.push(`${path} may name it, in a form that this release does not know`);
    else {
      const roles = STATE_ROLES.filter((role) => document[role]?.version === version);
      if (roles.length > 0) users.push(`the rollout of ${model} has it as ${roles.join(' and ')} (${path})`);
    }
  }
  if (users.length === 0) return;
  const otherName = deed === 'replaced' ? ', or choose another name' : '';
  throw new StartError(
    `${model}/${version} is not ${deed}: ${users.join('; ')}. Move the rollout and the configuration to another version first${otherName}.`,
  );
}
