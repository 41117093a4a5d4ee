import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { type DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type ClientRoute, forClientsOf, KEY_IN_HEADERS } from './client-route.js';

const pathsOf = (target: object): string[] =>
  [Reflect.getMetadata(PATH_METADATA, target) as string | string[] | undefined]
    .flat()
    .map((path) => (path ?? '').replaceAll(/^\/|\/$/g, ''));

const joined = (...parts: readonly string[]): string => `/${parts.filter((part) => part !== '').join('/')}`;

/** The client routes that controllers declare with {@link ForClients}. */
export function declaredRoutes(discovery: Pick<DiscoveryService, 'getControllers'>): ClientRoute[] {
  const scanner = new MetadataScanner();
  const routes: ClientRoute[] = [];
  for (const { metatype } of discovery.getControllers()) {
    if (typeof metatype !== 'function') continue;
    const prototype = metatype.prototype as Readonly<Record<string, object>>;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const method = prototype[name];
      if (method === undefined) continue;
      const declared = forClientsOf(method);
      if (declared === undefined) continue;
      const verb = RequestMethod[Reflect.getMetadata(METHOD_METADATA, method) as RequestMethod];
      for (const base of pathsOf(metatype)) {
        for (const path of pathsOf(method)) {
          routes.push({
            method: verb,
            path: joined(base, path),
            body: 'json',
            key: KEY_IN_HEADERS,
            rate: true,
            asksModel: declared.asksModel,
          });
        }
      }
    }
  }
  return routes;
}
