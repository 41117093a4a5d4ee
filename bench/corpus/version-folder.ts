import { join } from 'node:path';
import { MODEL_REGISTRY } from '../paths.js';
import { MODEL, type Version } from '../plan.js';

export function versionFolder(version: Version): string {
  return join(MODEL_REGISTRY, MODEL, version);
}
