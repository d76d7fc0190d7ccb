import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Admission } from '../connection/admission.ts';
import { RATE_LIMIT_HEADERS } from './rate-limit.ts';

const A_DAY_S = '86400';

/** Headers of responses that a page may read, beside those that every page may. */
export const EXPOSED_HEADERS = [
  'Trace-Id',
  'Retry-After',
  'Allow',
  'Accept',
  'ETag',
  'Accept-Ranges',
  'Content-Range',
  'Content-Disposition',
  'Location',
  ...RATE_LIMIT_HEADERS,
] as const;

/** Lets pages of the allowed origins read what follows. A cookie is only a proxy's, for sticky sessions. */
export const allowOrigin =
  (admission: Admission): RequestHandler =>
  (request, response, next) => {
    const allowed = admission.allowedOrigin(request.headers);
    response.vary('Origin');
    if (allowed !== undefined)
      response.set({
        'Access-Control-Allow-Origin': allowed,
        'Access-Control-Expose-Headers': EXPOSED_HEADERS.join(', '),
      });
    if (mayHaveCookies(allowed)) response.set('Access-Control-Allow-Credentials', 'true');
    next();
  };

/**
 * Replies to preflights. Access depends on the token, which no browser adds by itself: any request header is
 * allowed.
 */
export const preflights: RequestHandler = (request, response, next) => {
  if (request.method !== 'OPTIONS') {
    next();
    return;
  }
  response.vary('Access-Control-Request-Headers');
  response.set({
    'Access-Control-Allow-Methods': 'GET, POST, PATCH, DELETE',
    'Access-Control-Allow-Headers':
      request.get('Access-Control-Request-Headers') ?? 'Authorization, Content-Type, traceparent, tracestate',
    'Access-Control-Max-Age': A_DAY_S,
  });
  response.status(204).end();
};

/** The same for Socket.IO, whose own CORS middleware replies to preflights. */
export const socketCors =
  (admission: Admission) =>
  (
    { headers }: Pick<IncomingMessage, 'headers'>,
    done: (error: null, options: { origin: string | string[]; credentials: boolean }) => void,
  ): void => {
    const allowed = admission.allowedOrigin(headers);
    // An empty list, unlike `false`, adds `Vary: Origin` to a refusal.
    done(null, { origin: allowed ?? [], credentials: mayHaveCookies(allowed) });
  };

/** Never with `*`, which browsers refuse beside cookies. */
const mayHaveCookies = (allowed: string | undefined): boolean => allowed !== undefined && allowed !== '*';
