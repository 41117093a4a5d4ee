import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { WireRequest } from '../request/wire-request.js';
import { keyFrom } from './access/api-keys.js';

/** Where a request brings its API key; undefined when it brought none. */
export type KeyPlace = (request: WireRequest) => string | undefined;

/** In `x-api-key`, or as a Bearer token. */
export const KEY_IN_HEADERS: KeyPlace = ({ headers }) => keyFrom(headers);

/** A route that clients send texts to. */
export interface ClientRoute {
  /** In upper case; GET answers HEAD too. */
  readonly method: string;
  /** A template such as `/models/:name`. */
  readonly path: string;
  /** How the body is read: as JSON in UTF-8, and any other refused, or as bytes of any type. */
  readonly body: 'json' | 'raw';
  /** Null: no key is needed, whatever is configured. */
  readonly key: KeyPlace | null;
  /** Whether a request counts against its client's rate. */
  readonly rate: boolean;
}

const FOR_CLIENTS = Symbol('for clients');

/** A controller's method that clients send JSON to: it needs an API key, and counts against the rate. */
export const ForClients = (): CustomDecorator<symbol> => SetMetadata(FOR_CLIENTS, true);

/** Whether a controller's method is decorated with {@link ForClients}. */
export const isForClients = (method: object): boolean => Reflect.getMetadata(FOR_CLIENTS, method) === true;
