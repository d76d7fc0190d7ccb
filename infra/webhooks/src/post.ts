import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Answer } from './domain/attempt.ts';
import { Forbidden, type Rules } from './url-rules.ts';

/** What is read of an answer's body, only to let it end in peace. */
const MAX_BODY_BYTES = 64 * 1024;

export interface Posting {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** Posts once, over a connection of its own, and follows no redirect. Never throws: no answer is an outcome as well. */
export async function post({ url: text, headers, body, timeoutMs }: Posting, rules: Rules): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const url = new URL(text);
    rules.check(url);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
        method: 'POST', agent: false, lookup: rules.lookup, signal, headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      }, resolve);
      request.on('error', reject);
      request.end(body);
    });
    discard(response);
    return { status: response.statusCode ?? 0 };
  } catch (error) {
    return { error: signal.aborted ? `no answer within ${(timeoutMs / 1_000).toString()} s` : wordsFor(error) };
  }
}

function discard(response: IncomingMessage): void {
  let bytes = 0;
  // It was answered: what becomes of the rest is nobody's concern.
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) response.destroy();
  });
}

/** Codes of Node's (ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED …) and our own sentences; nothing of what the other side wrote. */
function wordsFor(error: unknown): string {
  if (error instanceof Forbidden) return `the URL ${error.message}`;
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'the request failed';
}
