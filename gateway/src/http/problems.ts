import { ERRORS, Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { FaultLog } from '../fault-log.ts';
import { traceOf } from './trace.ts';

const DISCARD_MS = 2_000;

/** Sends an error as a problem document (RFC 9457): its code and fixed sentence, never its cause. */
export function sendProblem(response: Response, { code, details }: Failure): void {
  const { status, sentence, retryable } = ERRORS[code];
  const retryAfterMs = details?.['retryAfterMs'];
  if (typeof retryAfterMs === 'number' || retryable)
    response.set('Retry-After', secondsOf(retryAfterMs).toString());
  response
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:switchboard:error:${code}`,
        title: sentence,
        status,
        code,
        retryable,
        traceId: traceOf(response).traceId,
        details,
      }),
    );
}

/** At least one: a client that retries at once would meet the same state. */
const secondsOf = (ms: unknown): number => Math.max(1, typeof ms === 'number' ? Math.ceil(ms / 1_000) : 0);

/** Handles every error of the HTTP API. */
export const problems = (logger: Logger): ErrorRequestHandler => {
  const faults = new FaultLog(logger);
  return (error: unknown, request, response, _next) => {
    const failure = toFailure(error);
    const { method } = request;
    const trace = traceOf(response);
    if (failure.code === 'INTERNAL')
      logger.error({ err: error, method, trace_id: trace.traceId }, 'http: handling a request failed');
    else faults.log('http: a request failed', failure, trace, { method });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const isReceiving = !request.complete;
    // Otherwise Node ends the connection right after the response if the client requested `close`.
    if (isReceiving) response.shouldKeepAlive = true;
    sendProblem(response, failure);
    if (isReceiving) discardBody(request);
  };
};

/**
 * Reads and drops the rest of a request for `DISCARD_MS`, then ends the connection. Closing while the client
 * still sends would reset the connection, and the response would be lost. RFC 9112, section 9.6
 */
function discardBody(request: Request): void {
  request.resume();
  const timer = setTimeout(() => {
    request.destroy();
  }, DISCARD_MS);
  request.once('close', () => {
    clearTimeout(timer);
  });
}

function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  // Errors of Express and its parsers have a status: invalid JSON, too large, a path that cannot be decoded.
  const status: unknown = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) return new Failure('TOO_LARGE');
  return new Failure(typeof status === 'number' && status >= 400 && status < 500 ? 'VALIDATION' : 'INTERNAL');
}
