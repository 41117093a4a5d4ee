import { createHash } from 'node:crypto';
/**
 * What a client may do beyond asking for answers: name the version that answers; ask for an answer that no cache holds;
 * choose the key by which the canary is picked; and report what became known about an answer.
 */
export const RIGHTS = ['version', 'no-cache', 'routing-key', 'feedback'] as const;

export type Right = (typeof RIGHTS)[number];

/** Weight of a client that has none of its own. */
export const DEFAULT_WEIGHT = 1;

/** A client that is known by its key. */
export interface Client {
  readonly name: string;
  /** sha256 of the key, hex in lower case; a key given in plain text is hashed when it is read. */
  readonly sha256: string;
  /** In the order of {@link RIGHTS}. */
  readonly rights: readonly Right[];
  /** Its share of a busy service, in relation to the weights of the other clients: 0.1 to 100. */
  readonly weight: number;
}

/** Characters of a client's name. */
export const CLIENT_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** The contradiction between a client and those before it; null when there is none. It names no key. */
export function twinProblem(clients: readonly Client[], { name, sha256 }: Client): string | null {
  if (clients.some((client) => client.name === name)) return `two clients have the name "${name}"`;
  const twin = clients.find((client) => client.sha256 === sha256);
  if (twin === undefined) return null;
  return `"${twin.name}" and "${name}" have the same key, so the service could not tell which of them asks`;
}

/** The sha256 of a key, hex: keys are hashed when they are read, and never kept. */
export const keyDigest = (key: string): string => createHash('sha256').update(key).digest('hex');
