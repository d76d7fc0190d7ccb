import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Bus } from '@switchboard/shared/bus';
import { FileSignature, messageContracts, type FileInfo } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { readHolder, type FileHolder } from '@switchboard/shared/file-holder';
import { KeyedSemaphore } from '@switchboard/shared/limits';
import { Router, type Request, type Response } from 'express';
import type { Authenticator } from './authenticate.ts';
import type { RouteName } from './methods.ts';
import { traceOf } from './trace.ts';
import { describeRange, rangeOf } from './ranges.ts';
import { getBytes, type ByteRange } from './transfer.ts';
import { receiveFile } from './upload.ts';

/** Images that no browser executes. Any other type is sent as an attachment. */
const SAFE_IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** Ends a download when the client reads nothing for this long. */
const STALLED_MS = 30_000;
/** Concurrent uploads. */
const MAX_UPLOADS_PER_USER = 4;

const UPLOAD = { method: 'post', path: '/files' } as const;
const DOWNLOAD = { method: 'get', path: '/files/:fileId' } as const;
export const fileRouteNames: readonly RouteName[] = [UPLOAD, DOWNLOAD];

export interface FileParts {
  readonly bus: Bus;
  readonly authenticator: Authenticator;
  readonly maxBytes: number;
  /** Whether the token with which a user got a `fileUrl` is revoked. */
  readonly isRevoked: (holder: FileHolder) => boolean;
}

/** Uploads and downloads. message-service checks access; the bytes stream between it and the client. */
export function fileRoutes({ bus, authenticator, maxBytes, isRevoked }: FileParts): Router {
  const router = Router();
  const uploads = new KeyedSemaphore<number>(MAX_UPLOADS_PER_USER);

  router.post(UPLOAD.path, async (request, response) => {
    const { actor } = await authenticator.user(request);
    if (!uploads.tryAcquire(actor.id)) throw new Failure('BUSY');
    try {
      const file = await receiveFile(request, response, bus, actor, traceOf(response), maxBytes);
      response.status(201).json(file);
    } finally {
      uploads.release(actor.id);
    }
  });

  router.get(DOWNLOAD.path, async (request, response) => {
    const { file, url } = await open(request, response);
    // The bytes of a file never change.
    response.set({ ETag: `"${file.id}"`, 'Accept-Ranges': 'bytes' });
    if (request.fresh || request.method === 'HEAD') {
      describe(response, file, undefined);
      response.status(request.fresh ? 304 : 200).end();
      return;
    }
    const { bytes, sent } = await getBytes(url, rangeOf(request, response, file.size));
    describe(response, file, sent);
    await pipeline(bytes, untilStalled(response), response).catch((error: unknown) => {
      if (!response.destroyed) throw error;
    });
  });

  return router;

  /** Opens a file by token, or by the signature of a `fileUrl`. */
  async function open(
    request: Request<{ fileId: string }>,
    response: Response,
  ): Promise<{ file: FileInfo; url: string }> {
    const { fileId } = request.params;
    const trace = traceOf(response);
    if (request.query['signature'] !== undefined && request.headers.authorization === undefined) {
      const { expires, signature } = request.query;
      const proof = FileSignature.safeParse({ expires, signature });
      if (!proof.success) throw new Failure('FILE_NOT_FOUND');
      const holder = readHolder(proof.data.signature);
      if (holder !== undefined && isRevoked(holder)) throw new Failure('FILE_NOT_FOUND');
      return bus.request(messageContracts.downloadSignedFile, { fileId, ...proof.data }, { trace });
    }
    const { actor } = await authenticator.user(request);
    return bus.request(messageContracts.downloadFile, { fileId }, { actor, trace });
  }
}

/** Passes bytes on. Ends the response when the client reads none for `STALLED_MS`. */
function untilStalled(response: Response): Transform {
  const timer = setTimeout(() => {
    response.destroy();
  }, STALLED_MS);
  return new Transform({
    transform(chunk, _encoding, done) {
      timer.refresh();
      done(null, chunk);
    },
    destroy(error, done) {
      clearTimeout(timer);
      done(error);
    },
  });
}

function describe(response: Response, file: FileInfo, sent: ByteRange | undefined): void {
  describeRange(response, file.size, sent);
  response.attachment(file.name);
  if (SAFE_IMAGES.has(file.contentType))
    response.set(
      'Content-Disposition',
      String(response.get('Content-Disposition')).replace('attachment', 'inline'),
    );
  // `setHeader` keeps the uploaded type: `set` of Express would add a charset.
  response.setHeader('Content-Type', file.contentType);
  response.set({
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': `default-src 'none'; sandbox`,
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': 'private, max-age=3600, immutable',
  });
}
