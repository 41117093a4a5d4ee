import { type Client, type Right, RIGHTS } from '../../../base/config/clients.js';
import { AppError } from '../../../base/errors/app-error.js';
import type { Choice } from '../../request/caller.js';

/** For each right: the request that needs it, and the request that a client without it may send instead. */
const SENTENCES: Readonly<Record<Right, string>> = {
  version: 'may not name a version. Leave the version out: the rollout then decides which version answers.',
  'no-cache':
    'may not ask for an answer that is computed afresh. Leave out `cache-control: no-cache`: the answer may then come from the cache.',
  'routing-key':
    'may not choose the key by which the canary is picked. Leave out `x-routing-key`: the text then decides which version answers.',
  feedback:
    'may not report feedback. It may ask for answers; let a client that has this right report what became known about them.',
};

/** Decides what each client may do beyond asking for answers. */
export class Rights {
  /** The clients that lack a right; all other callers have every right. */
  private readonly restricted: ReadonlyMap<string, ReadonlySet<Right>>;

  constructor(clients: readonly Pick<Client, 'name' | 'rights'>[]) {
    this.restricted = new Map(
      clients
        .filter(({ rights }) => rights.length < RIGHTS.length)
        .map(({ name, rights }) => [name, new Set(rights)]),
    );
  }

  /**
   * Returns FORBIDDEN when the client lacks the right.
   * @param name of the client; null for a caller without a key, who has all rights
   */
  refusal(name: string | null, right: Right): AppError | null {
    const rights = name === null ? undefined : this.restricted.get(name);
    if (rights === undefined || rights.has(right)) return null;
    return new AppError('FORBIDDEN', `This client lacks the right \`${right}\`: it ${SENTENCES[right]}`);
  }

  /** Returns FORBIDDEN for the first right that the choice of a request uses and the client lacks. */
  refusalOf(name: string | null, { version, refresh, routingKey }: Choice): AppError | null {
    return (
      (version === undefined ? null : this.refusal(name, 'version')) ??
      (refresh === true ? this.refusal(name, 'no-cache') : null) ??
      // An empty key is no key.
      (routingKey === undefined || routingKey === '' ? null : this.refusal(name, 'routing-key'))
    );
  }
}
