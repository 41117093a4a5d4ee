import { isJsonObject, type JsonObject } from '../../base/json-object.js';
import { StartError } from '../../base/errors/start-error.js';

/**
 * Reads a file of an export.
 * @param name what a message calls it
 * @param form what it must be, for the message
 * @throws StartError when it is not a JSON object
 */
export function parseJsonObject(name: string, contents: Uint8Array, form = 'a JSON object'): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(contents));
  } catch (error) {
    throw new StartError(`${name} is not JSON (${(error as Error).message}): it must be ${form}.`);
  }
  if (isJsonObject(value)) return value;
  throw new StartError(`${name} must be ${form}.`);
}
