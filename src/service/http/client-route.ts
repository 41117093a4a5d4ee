import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { WireRequest } from '../request/wire-request.js';
import { keyFrom } from './access/api-keys.js';

/** Reads the API key of a request; undefined when it has none. */
export type KeyPlace = (request: WireRequest) => string | undefined;

/** Reads the key from `x-api-key` or from a Bearer token. */
export const KEY_IN_HEADERS: KeyPlace = ({ headers }) => keyFrom(headers);

/** A route to which clients send texts. */
export interface ClientRoute {
  /** In upper case; GET includes HEAD. */
  readonly method: string;
  /** A template such as `/models/:name`. */
  readonly path: string;
  /** `json`: JSON in UTF-8, and any other body is refused; `raw`: bytes of any type. */
  readonly body: 'json' | 'raw';
  /** Null when the route never needs a key. */
  readonly key: KeyPlace | null;
  /** Whether a request counts against its client's rate. */
  readonly rate: boolean;
  /** Whether a model answers; then the request's log line always says whether the cache did. */
  readonly asksModel: boolean;
}

const FOR_CLIENTS = Symbol('for clients');

type ForClientsOptions = Pick<ClientRoute, 'asksModel'>;

/** Marks a controller's method to which clients send JSON: it needs an API key and counts against the rate. */
export const ForClients = (options: ForClientsOptions): CustomDecorator<symbol> =>
  SetMetadata(FOR_CLIENTS, options);

/** What {@link ForClients} says of a controller's method; undefined for one that is not decorated with it. */
export const forClientsOf = (method: object): ForClientsOptions | undefined =>
  Reflect.getMetadata(FOR_CLIENTS, method) as ForClientsOptions | undefined;
