import { join } from 'node:path';
import { MODEL_REGISTRY } from '../base/paths.js';
import { MODEL, type Version } from '../base/plan.js';

export function versionFolder(version: Version): string {
  return join(MODEL_REGISTRY, MODEL, version);
}
