import { Readable } from 'node:stream';
import { Failure } from '@switchboard/shared/errors';

/** Streams bytes to where message-service said; resolves with the JSON it answers. Stops when `signal` says so. */
export async function putBytes(url: string, bytes: Readable, signal: AbortSignal): Promise<unknown> {
  const response = await ask(url, { method: 'PUT', body: Readable.toWeb(bytes), duplex: 'half', signal });
  return response.json();
}

/** The bytes at a place that message-service named. */
export async function getBytes(url: string): Promise<Readable> {
  const { body } = await ask(url, {});
  if (body === null) throw new Failure('UNAVAILABLE');
  return Readable.fromWeb(body);
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((cause: unknown) => { throw new Failure('UNAVAILABLE', undefined, { cause }); });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new Failure(response.status === 413 ? 'TOO_LARGE' : 'UNAVAILABLE');
}
