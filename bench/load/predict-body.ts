import type { Version } from '../base/plan.js';

/** The body of one POST /predict. */
export function predictBody(text: string, version: Version): string {
  return JSON.stringify({ text, version });
}
