import { Readable, Transform } from 'node:stream';
import { Failure } from '@switchboard/shared/errors';

/** An upload of which nothing moves for this long is given up, and so is a download that does not begin. */
const STALLED_MS = 10_000;

/** Streams bytes to where message-service said; resolves with the JSON it answers. Stops when `signal` says so. */
export async function putBytes(url: string, bytes: Readable, signal: AbortSignal): Promise<unknown> {
  const stalled = new AbortController();
  const timer = setTimeout(() => { stalled.abort(); }, STALLED_MS);
  const moving = new Transform({ transform(chunk, _encoding, done) { timer.refresh(); done(null, chunk); } });
  bytes.once('error', (error) => { moving.destroy(error); });
  try {
    const body = Readable.toWeb(bytes.pipe(moving));
    const response = await ask(url, { method: 'PUT', body, duplex: 'half', signal: AbortSignal.any([signal, stalled.signal]) });
    return await response.json().catch((cause: unknown) => { throw new Failure('UNAVAILABLE', undefined, { cause }); });
  } finally {
    clearTimeout(timer);
  }
}

/** The bytes at a place that message-service named. */
export async function getBytes(url: string): Promise<Readable> {
  const stalled = new AbortController();
  const timer = setTimeout(() => { stalled.abort(); }, STALLED_MS);
  const { body } = await ask(url, { signal: stalled.signal }).finally(() => { clearTimeout(timer); });
  if (body === null) throw new Failure('UNAVAILABLE');
  return Readable.fromWeb(body);
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((cause: unknown) => { throw new Failure('UNAVAILABLE', undefined, { cause }); });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new Failure(response.status === 413 ? 'TOO_LARGE' : 'UNAVAILABLE');
}
