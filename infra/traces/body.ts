import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { hasCode } from '../local/json.ts';
import { Refusal } from './refusal.ts';

const unzip = promisify(gunzip);
const tooLarge = new Refusal(413, 'At most 16 MiB at once, also when unpacked.');

/** The bytes of a request, unpacked. Throws a Refusal for what is too large or packed in another way than gzip. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (!['identity', 'gzip'].includes(encoding)) throw new Refusal(415, `Content-Encoding ${encoding} is not read here; gzip is.`);
  const packed = await bytesOf(request, maxBytes);
  return encoding === 'gzip' ? unpacked(packed, maxBytes) : packed;
}

async function bytesOf(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const all: AsyncIterable<Buffer> = request;
  for await (const chunk of all) {
    size += chunk.length;
    // The rest is read and dropped: a sender that is still writing would not hear the answer.
    if (size <= maxBytes) chunks.push(chunk);
  }
  if (size > maxBytes) throw tooLarge;
  return Buffer.concat(chunks);
}

async function unpacked(packed: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(packed, { maxOutputLength: maxBytes });
  } catch (error) {
    throw hasCode(error, 'ERR_BUFFER_TOO_LARGE') ? tooLarge : new Refusal(400, 'The body is no gzip.');
  }
}
