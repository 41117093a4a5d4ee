import { isIPv6, type Socket } from 'node:net';
import type { Request } from 'express';

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Groups of 16 bits. A site gets at least a /64 (RFC 6177), so one client may use 2^64 addresses in it. */
const NETWORK_GROUPS = 4;

/**
 * The part of an address that identifies one client: the IPv4 address, or the /64 network of an IPv6 address, because
 * its owner can choose the lower half anew for each request.
 */
export function clientNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = MAPPED_IPV4.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  // `::` stands for all missing zero groups; groups after it reach the upper half only when there are many.
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    const width = after.length + (tail.includes('.') ? 1 : 0);
    groups.push(...Array<string>(8 - groups.length - width).fill('0'), ...after);
  }
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

/**
 * Returns a function that finds the network of a request. Behind a proxy the address differs per request. Without a
 * proxy it is the address of the connection, and is computed once per connection.
 * @param onConnection called with the first request of each connection, unless the service is behind a proxy
 */
export function networkReader(
  isBehindProxy: boolean,
  onConnection: (request: Request) => void,
): (request: Request) => string {
  if (isBehindProxy) return (request) => clientNetwork(request.ip ?? '');
  const known = new WeakMap<Socket, string>();
  return (request) => {
    const { socket } = request;
    let network = known.get(socket);
    if (network === undefined) {
      onConnection(request);
      network = clientNetwork(socket.remoteAddress ?? '');
      known.set(socket, network);
    }
    return network;
  };
}
