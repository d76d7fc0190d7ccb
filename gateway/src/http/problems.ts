import { ERRORS, Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { traceOf } from './trace.ts';

const DISCARD_MS = 2_000;

/** Answers an error as a problem document: the code and its fixed sentence, never what lies behind it. RFC 9457 */
export function sendProblem(response: Response, { code, details }: Failure): void {
  const { status, sentence, retryable } = ERRORS[code];
  const retryAfterMs = details?.['retryAfterMs'];
  if (typeof retryAfterMs === 'number') response.set('Retry-After', Math.ceil(retryAfterMs / 1_000).toString());
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: `urn:switchboard:error:${code}`, title: sentence, status, code, retryable, traceId: traceOf(response).traceId, details }));
}

/** The last stop of every error of the HTTP API. */
export const problems = (logger: Logger): ErrorRequestHandler => (error: unknown, request, response, _next) => {
  const failure = toFailure(error);
  if (failure.code === 'INTERNAL') logger.error({ err: error, method: request.method, trace_id: traceOf(response).traceId }, 'a request could not be handled');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const isBeingSent = !request.complete;
  // Node would end the connection right behind the answer where the client asked for that.
  if (isBeingSent) response.shouldKeepAlive = true;
  sendProblem(response, failure);
  if (isBeingSent) discardTheRest(request);
};

/**
 * Whoever is answered in the middle of a request is still sending. A server that closes on that resets the connection, and
 * the answer is lost with it; so the rest is read and thrown away for a while, and only then the connection ends.
 * RFC 9112, section 9.6
 */
function discardTheRest(request: Request): void {
  request.resume();
  const timer = setTimeout(() => { request.destroy(); }, DISCARD_MS);
  request.once('close', () => { clearTimeout(timer); });
}

function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  // What Express and its parsers refuse carries a status: a body that is no JSON, too large, or a path that cannot be decoded.
  const status: unknown = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) return new Failure('TOO_LARGE');
  return new Failure(typeof status === 'number' && status >= 400 && status < 500 ? 'VALIDATION' : 'INTERNAL');
}
