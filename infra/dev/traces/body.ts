import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { hasCode } from '../json.ts';
import { Refusal } from './refusal.ts';

const unzip = promisify(gunzip);
const tooLarge = new Refusal(413, 'The body is too large: at most 16 MiB, also after decompression.');

/** Reads and decompresses a body. Throws a Refusal if it is too large or has an encoding other than gzip. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (!['identity', 'gzip'].includes(encoding))
    throw new Refusal(415, `Content-Encoding ${encoding} is not supported; use gzip.`);
  const packed = await bytesOf(request, maxBytes);
  return encoding === 'gzip' ? unpacked(packed, maxBytes) : packed;
}

async function bytesOf(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const all: AsyncIterable<Buffer> = request;
  for await (const chunk of all) {
    size += chunk.length;
    // Reads and drops the rest: a sender that is still writing would not receive the reply.
    if (size <= maxBytes) chunks.push(chunk);
  }
  if (size > maxBytes) throw tooLarge;
  return Buffer.concat(chunks);
}

async function unpacked(packed: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(packed, { maxOutputLength: maxBytes });
  } catch (error) {
    throw hasCode(error, 'ERR_BUFFER_TOO_LARGE') ? tooLarge : new Refusal(400, 'The body is not valid gzip.');
  }
}
