import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether an origin is the host to which the request was sent: native clients send that one. The scheme may
 * differ, because a proxy may end TLS. A proxy that is trusted may name the host in `X-Forwarded-Host`.
 */
export function isOwnHost(origin: string, headers: IncomingHttpHeaders, isBehindProxy: boolean): boolean {
  const url = URL.parse(origin);
  if (url === null || !/^(?:http|ws)s?:$/.test(url.protocol)) return false;
  const forwarded = isBehindProxy ? [headers['x-forwarded-host'] ?? []].flat() : [];
  return [headers.host ?? '', ...forwarded].some(
    (host) => host !== '' && URL.parse(`${url.protocol}//${host}`)?.host === url.host,
  );
}
