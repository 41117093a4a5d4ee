import { isJsonObject } from '../base/json-object.js';
import { ROLLOUT_MODES } from '../base/config/rollout-config.js';
import { ROLLOUT_PHASES, type RolloutDocument } from './rollout-types.js';

const isPolicy = (value: unknown): boolean =>
  isJsonObject(value) && typeof value.name === 'string' && typeof value.digest === 'string';

const isCandidate = (value: unknown): boolean =>
  isJsonObject(value) &&
  typeof value.version === 'string' &&
  typeof value.digest === 'string' &&
  (value.policy === undefined || value.policy === null || isPolicy(value.policy));

const isCandidateOrNull = (value: unknown): boolean => value === null || isCandidate(value);

const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 100;

const isStep = (value: unknown): boolean =>
  isJsonObject(value) && isShare(value.percent) && typeof value.hold_ms === 'number';

const isCount = (value: unknown): boolean => typeof value === 'number' && value >= 0;

/**
 * Whether a value from a file or from Redis is the state of this model's rollout, in the form that this release knows.
 * The checksum proves only that a document is complete, not that this release can use it.
 */
export function isRolloutDocument(value: unknown, model: string): value is RolloutDocument {
  return (
    isJsonObject(value) &&
    value.schema === 1 &&
    value.model === model &&
    Number.isSafeInteger(value.revision) &&
    typeof value.rollout_id === 'string' &&
    ROLLOUT_PHASES.some((phase) => phase === value.phase) &&
    ROLLOUT_MODES.some((mode) => mode === value.mode) &&
    isCandidate(value.stable) &&
    isCandidateOrNull(value.canary) &&
    isCandidateOrNull(value.last_good) &&
    isShare(value.percent) &&
    isCount(value.visit) &&
    isCount(value.elapsed_in_step_ms) &&
    typeof value.since === 'string' &&
    typeof value.forced === 'boolean' &&
    typeof value.moved === 'boolean' &&
    isJsonObject(value.origin) &&
    typeof value.configuration === 'string' &&
    Array.isArray(value.steps) &&
    value.steps.every(isStep) &&
    Array.isArray(value.rolled_back) &&
    value.rolled_back.every(isCandidate) &&
    Array.isArray(value.history) &&
    value.history.every(isJsonObject)
  );
}
