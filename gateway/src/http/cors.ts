import type { RequestHandler } from 'express';

const A_DAY_S = '86400';

/** Pages of any origin may call: what counts is the token, which no browser adds by itself. Preflights end here. */
export const cors: RequestHandler = (request, response, next) => {
  response.set('Access-Control-Allow-Origin', '*');
  response.set('Access-Control-Expose-Headers', 'Trace-Id');
  if (request.method !== 'OPTIONS') {
    next();
    return;
  }
  response.set({
    'Access-Control-Allow-Methods': 'GET, POST, PATCH',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, traceparent, tracestate',
    'Access-Control-Max-Age': A_DAY_S,
  });
  response.status(204).end();
};
