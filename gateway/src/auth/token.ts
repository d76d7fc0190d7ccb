import type { IncomingHttpHeaders } from 'node:http';

/** The token of an `Authorization: Bearer …` header. RFC 6750 */
export const bearerToken = (headers: IncomingHttpHeaders): string | undefined =>
  /^Bearer +([\w.~+/=-]+)$/i.exec(headers.authorization ?? '')?.[1];
