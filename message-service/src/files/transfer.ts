import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileInfo } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { InternalRoute, Logger, Telemetry } from '@switchboard/shared/runtime';
import type { FileStore } from '../domain/message-store.ts';
import type { Blobs, ByteRange } from './blob-store.ts';
import { IMAGE_HEAD_BYTES, imageSizeOf } from './image-size.ts';
import { removeWithdrawn } from './sweep.ts';
import type { Ticket, Tickets } from './tickets.ts';

interface Parts {
  readonly tickets: Tickets;
  readonly blobs: Blobs;
  readonly files: FileStore;
  readonly maxBytes: number;
  readonly telemetry: Pick<Telemetry, 'traceAtHand'>;
  readonly logger: Logger;
}

/**
 * Transfers the bytes of files by ticket. PUT replies with FileInfo once the bytes and the row are stored;
 * `Location` is where the gateway may remove the file while no one knows its id. GET streams the bytes.
 */
export function transferRoute(parts: Parts): InternalRoute {
  return (request, response) => {
    if (!request.url?.startsWith('/blobs/')) return false;
    const ticket = parts.tickets.redeem(request.url);
    void handle(parts, ticket, request, response).catch((error: unknown) => {
      if (!(error instanceof Failure))
        parts.logger.error(
          { err: error, trace_id: parts.telemetry.traceAtHand()?.traceId },
          'files: transferring bytes failed',
        );
      if (response.headersSent) response.destroy();
      else response.writeHead(error instanceof Failure && error.code === 'TOO_LARGE' ? 413 : 503).end();
    });
    return true;
  };
}

async function handle(
  parts: Parts,
  ticket: Ticket | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (ticket?.action === 'put' && request.method === 'PUT') {
    const file = await receive(parts, ticket, request);
    const location = parts.tickets.grantRemove(file.id);
    response.writeHead(201, { 'content-type': 'application/json', location }).end(JSON.stringify(file));
  } else if (ticket?.action === 'get' && request.method === 'GET') {
    await send(parts.blobs, ticket.fileId, request, response);
  } else if (ticket?.action === 'remove' && request.method === 'DELETE') {
    await parts.files.withdraw(ticket.fileId);
    await removeWithdrawn(parts.files, parts.blobs, [ticket.fileId]);
    response.writeHead(204).end();
  } else {
    response.writeHead(403).end();
  }
}

async function send(
  blobs: Blobs,
  fileId: string,
  { headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const range = rangeOf(headers.range);
  const bytes = await blobs.read(fileId, range);
  response.writeHead(range === undefined ? 200 : 206, {
    'content-type': 'application/octet-stream',
    ...(range && { 'content-range': `bytes ${range.start.toString()}-${range.end.toString()}/*` }),
  });
  await pipeline(bytes, response).catch((error: unknown) => {
    throw isClosedByReader(error) ? new Failure('UNAVAILABLE', undefined, { cause: error }) : error;
  });
}

const isClosedByReader = (error: unknown): boolean =>
  Error.isError(error) && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';

/** The gateway knows the size: it requests one range, with both its ends, within the file. */
function rangeOf(header = ''): ByteRange | undefined {
  const [, start, end] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  return start === undefined ? undefined : { start: Number(start), end: Number(end) };
}

async function receive(
  { blobs, files, maxBytes }: Parts,
  { fileId, ownerId, name, contentType }: Ticket & { action: 'put' },
  request: IncomingMessage,
): Promise<FileInfo> {
  let size = 0;
  const head: Buffer[] = [];
  const counted = request.pipe(
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        if (size < IMAGE_HEAD_BYTES) head.push(chunk);
        size += chunk.length;
        done(size > maxBytes ? new Failure('TOO_LARGE') : null, chunk);
      },
    }),
  );
  // A broken connection must not look like the end of the file.
  request.once('close', () => {
    if (!request.complete) counted.destroy(new Failure('UNAVAILABLE'));
  });
  await blobs.write(fileId, counted);
  const image = imageSizeOf(contentType, Buffer.concat(head));
  const file = { id: fileId, name, contentType, size, ...image };
  try {
    await files.add({ ...file, ownerId });
  } catch (error) {
    await blobs.remove(fileId);
    throw error;
  }
  return file;
}
