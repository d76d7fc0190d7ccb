import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileInfo } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { InternalRoute, Logger, Telemetry } from '@switchboard/shared/runtime';
import type { FileStore } from '../domain/message-store.ts';
import type { BlobStore } from './blob-store.ts';
import type { Ticket, Tickets } from './tickets.ts';

interface Parts {
  readonly tickets: Tickets;
  readonly blobs: BlobStore;
  readonly files: FileStore;
  readonly maxBytes: number;
  readonly telemetry: Pick<Telemetry, 'traceAtHand'>;
  readonly logger: Logger;
}

/** Bytes in and out by ticket. PUT answers FileInfo once the bytes are stored and the file is known; GET streams them. */
export function transferRoute(parts: Parts): InternalRoute {
  return (request, response) => {
    if (!request.url?.startsWith('/blobs/')) return false;
    const ticket = parts.tickets.take(request.url);
    void handle(parts, ticket, request, response).catch((error: unknown) => {
      if (!(error instanceof Failure) && !request.destroyed) parts.logger.error({ err: error, trace_id: parts.telemetry.traceAtHand()?.traceId }, 'the bytes of a file could not be moved');
      if (response.headersSent) response.destroy();
      else response.writeHead(error instanceof Failure && error.code === 'TOO_LARGE' ? 413 : 503).end();
    });
    return true;
  };
}

async function handle(parts: Parts, ticket: Ticket | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (ticket?.action === 'put' && request.method === 'PUT') {
    const file = await receive(parts, ticket, request);
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(file));
  } else if (ticket?.action === 'get' && request.method === 'GET') {
    const bytes = await parts.blobs.read(ticket.fileId);
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    await pipeline(bytes, response);
  } else {
    response.writeHead(403).end();
  }
}

async function receive({ blobs, files, maxBytes }: Parts, { fileId, ownerId, name, contentType }: Ticket & { action: 'put' }, request: IncomingMessage): Promise<FileInfo> {
  let size = 0;
  const counted = request.pipe(new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      done(size > maxBytes ? new Failure('TOO_LARGE') : null, chunk);
    },
  }));
  // A transport that breaks off must not look like the end of the file.
  request.once('close', () => { if (!request.complete) counted.destroy(new Failure('UNAVAILABLE')); });
  await blobs.write(fileId, counted);
  const file = { id: fileId, name, contentType, size };
  try {
    await files.add({ ...file, ownerId });
  } catch (error) {
    await blobs.remove(fileId);
    throw error;
  }
  return file;
}
