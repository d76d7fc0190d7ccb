import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

type Origin = Pick<IncomingMessage, 'socket' | 'headers'>;

/** The client's address as limits see it: an IPv6 address is reduced to its /64 network, one host's. */
export const addressOf = (request: Origin, hops: number): string => networkOf(clientOf(request, hops));

/**
 * The address of a request's client. Behind `hops` trusted proxies it is the address that the outermost of
 * them appended to `X-Forwarded-For`: the client can forge everything before it.
 */
export function clientAddressOf(request: Origin, hops: number): string {
  const address = withoutPort(clientOf(request, hops));
  return (/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address).slice(0, MAX_LENGTH);
}

function clientOf({ socket, headers }: Origin, hops: number): string {
  const forwarded = [headers['x-forwarded-for'] ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
  const address = hops === 0 ? undefined : forwarded.at(-Math.min(hops, forwarded.length));
  return address ?? socket.remoteAddress ?? '';
}

/** Of an IPv6 address. A header may hold anything. */
const MAX_LENGTH = 45;

/** Some proxies append the port. */
const withoutPort = (address: string): string =>
  /^\[([^\]]*)\](?::\d+)?$/.exec(address)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address)?.[1] ?? address;

export function networkOf(given: string): string {
  const address = withoutPort(given);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address.slice(0, MAX_LENGTH);
  const [head = '', tail = ''] = address.split('::');
  const [before, after] = [head, tail].map((part) => part.split(':').filter((group) => group !== ''));
  const missing = 8 - (before?.length ?? 0) - (after?.length ?? 0);
  if (/^::ffff:[\da-f]+:[\da-f]+$/i.test(address))
    return (after ?? [])
      .slice(1)
      .map((group) => Number.parseInt(group, 16))
      .flatMap((group) => [group >> 8, group & 255])
      .join('.');
  const groups = [
    ...(before ?? []),
    ...Array.from({ length: Math.max(0, missing) }, () => '0'),
    ...(after ?? []),
  ];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
