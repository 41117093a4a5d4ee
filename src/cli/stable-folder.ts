import { join } from 'node:path';
import type { SerinConfig } from '../base/config/serin-config.js';

/** Folder of a model's stable version, as the configuration names it. @param model the default model unless it is said */
export function stableFolder(
  { modelRegistry, defaultModel, rollout }: SerinConfig,
  model = defaultModel,
): string {
  return join(modelRegistry, model, rollout[model]?.stable ?? '');
}
