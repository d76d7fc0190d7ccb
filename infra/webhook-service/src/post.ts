import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { AttemptResult } from './domain/attempt.ts';
import { Forbidden, type Rules } from './url-rules.ts';

/** Reads at most this much of a response body, so that the connection ends normally. */
const MAX_BODY_BYTES = 64 * 1024;

export interface Posting {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/**
 * Posts once, over a new connection, without following redirects. Never throws: an error is a result, too.
 */
export async function post(
  { url: text, headers, body, timeoutMs }: Posting,
  rules: Rules,
): Promise<AttemptResult> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const url = new URL(text);
    rules.check(url);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(
        url,
        {
          method: 'POST',
          agent: false,
          lookup: rules.lookup,
          signal,
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        },
        resolve,
      );
      request.on('error', reject);
      request.end(body);
    });
    discard(response);
    return { status: response.statusCode ?? 0 };
  } catch (error) {
    return {
      error: signal.aborted ? `no answer within ${(timeoutMs / 1_000).toString()} s` : describeError(error),
    };
  }
}

function discard(response: IncomingMessage): void {
  let bytes = 0;
  // The status has arrived: an error in the body does not matter.
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) response.destroy();
  });
}

/**
 * A code of Node (ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED …) or a fixed sentence; never text of the
 * receiver.
 */
function describeError(error: unknown): string {
  if (error instanceof Forbidden) return `the URL ${error.message}`;
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'the request failed';
}
