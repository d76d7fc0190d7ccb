import type { RequestHandler } from 'express';
import type { Admission } from '../limits/admission.ts';

const A_DAY_S = '86400';

/** Pages of the allowed origins may call: what counts is the token, which no browser adds by itself. Preflights end here. */
export const cors = (admission: Admission): RequestHandler => (request, response, next) => {
  const allowed = admission.allowedOrigin(request.headers.origin ?? '');
  response.vary('Origin');
  if (allowed !== undefined) response.set({ 'Access-Control-Allow-Origin': allowed, 'Access-Control-Expose-Headers': 'Trace-Id, Retry-After' });
  if (request.method !== 'OPTIONS') {
    next();
    return;
  }
  response.set({
    'Access-Control-Allow-Methods': 'GET, POST, PATCH, DELETE',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, traceparent, tracestate',
    'Access-Control-Max-Age': A_DAY_S,
  });
  response.status(204).end();
};
