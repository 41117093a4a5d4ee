import { StartError } from '../errors/start-error.js';

/** Where `serin serve` listens when nothing else is said. */
export const DEFAULT_URL = 'http://127.0.0.1:3000';

/** Whether commands can ask a service there. */
export const isServiceUrl = (value: string): boolean =>
  URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);

/**
 * The service that commands talk to when no --url says another: SERIN_URL, else {@link DEFAULT_URL}. No other setting is
 * read, as with the admin token. A blank variable counts as unset.
 * @throws StartError when it is not the address of a service
 */
export function serviceUrlOf(env: NodeJS.ProcessEnv = process.env): string {
  const value = env.SERIN_URL?.trim() ?? '';
  if (value === '') return DEFAULT_URL;
  if (isServiceUrl(value)) return value;
  throw new StartError(
    `SERIN_URL is ${JSON.stringify(value)}: allowed is the address of a service, such as ${DEFAULT_URL}.`,
  );
}
