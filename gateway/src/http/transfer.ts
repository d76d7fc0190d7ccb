import { Readable, Transform } from 'node:stream';
import { Failure } from '@switchboard/shared/errors';

/** Aborts an upload that transfers no bytes for this long, and a download that does not start in it. */
const STALLED_MS = 10_000;
const REMOVE_WITHIN_MS = 5_000;

/** `json`: of the response. `removeUrl`: where the file can be removed; none in the release before. */
export interface Stored {
  readonly json: unknown;
  readonly removeUrl: string | undefined;
}

/** Streams bytes to a URL of message-service. */
export async function putBytes(url: string, bytes: Readable, signal: AbortSignal): Promise<Stored> {
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort();
  }, STALLED_MS);
  const moving = new Transform({
    transform(chunk, _encoding, done) {
      timer.refresh();
      done(null, chunk);
    },
  });
  bytes.once('error', (error) => {
    moving.destroy(error);
  });
  try {
    const body = Readable.toWeb(bytes.pipe(moving));
    const response = await request(url, {
      method: 'PUT',
      body,
      duplex: 'half',
      signal: AbortSignal.any([signal, stalled.signal]),
    });
    const json: unknown = await response.json().catch((cause: unknown) => {
      throw new Failure('UNAVAILABLE', undefined, { cause });
    });
    return { json, removeUrl: response.headers.get('location') ?? undefined };
  } finally {
    clearTimeout(timer);
  }
}

/** Removes a file that was put; what fails here goes with the files that no message took. */
export async function removeBytes(removeUrl: string | undefined): Promise<void> {
  if (removeUrl === undefined) return;
  await request(removeUrl, { method: 'DELETE', signal: AbortSignal.timeout(REMOVE_WITHIN_MS) }).catch(
    () => undefined,
  );
}

/** Positions of the first and the last byte, from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** `sent`: the range of the bytes; undefined: all of them. */
export interface Bytes {
  readonly bytes: Readable;
  readonly sent: ByteRange | undefined;
}

/**
 * Streams the bytes at a URL of message-service, or those of a range. A message-service of the release before
 * ignores the range and sends all bytes.
 */
export async function getBytes(url: string, range: ByteRange | undefined): Promise<Bytes> {
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort();
  }, STALLED_MS);
  const { status, body } = await request(url, {
    signal: stalled.signal,
    headers: range && { range: `bytes=${range.start.toString()}-${range.end.toString()}` },
  }).finally(() => {
    clearTimeout(timer);
  });
  if (body === null) throw new Failure('UNAVAILABLE');
  return { bytes: Readable.fromWeb(body), sent: status === 206 ? range : undefined };
}

async function request(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((cause: unknown) => {
    throw new Failure('UNAVAILABLE', undefined, { cause });
  });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new Failure(response.status === 413 ? 'TOO_LARGE' : 'UNAVAILABLE');
}
