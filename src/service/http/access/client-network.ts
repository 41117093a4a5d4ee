import { isIPv6, type Socket } from 'node:net';
import type { Request } from 'express';

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Of 16 bits each: a /64 is the least that a site gets (RFC 6177), so one client has 2^64 addresses of it. */
const NETWORK_GROUPS = 4;

/**
 * What counts as one client of an address: an IPv4 address, or the /64 network of an IPv6 address, whose lower half its
 * owner may choose anew for each request.
 */
export function clientNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = MAPPED_IPV4.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  // `::` stands for as many zeros as are missing; what follows it reaches the upper half only when it is long.
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    const width = after.length + (tail.includes('.') ? 1 : 0);
    groups.push(...Array<string>(8 - groups.length - width).fill('0'), ...after);
  }
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

/**
 * How to learn the network that a request comes from. A proxy names another address with each request; without one it is
 * that of the connection, and is read once for all requests of it.
 */
export function networkReader(isBehindProxy: boolean): (request: Request) => string {
  if (isBehindProxy) return (request) => clientNetwork(request.ip ?? '');
  const known = new WeakMap<Socket, string>();
  return ({ socket }) => {
    let network = known.get(socket);
    if (network === undefined) {
      network = clientNetwork(socket.remoteAddress ?? '');
      known.set(socket, network);
    }
    return network;
  };
}
