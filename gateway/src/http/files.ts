import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Bus } from '@switchboard/shared/bus';
import { FileSignature, messageContracts, type FileInfo } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { Tally } from '@switchboard/shared/limits';
import { Router, type Request, type Response } from 'express';
import type { Askers } from './authenticate.ts';
import { traceOf } from './trace.ts';
import { getBytes } from './transfer.ts';
import { receiveFile } from './upload.ts';

/** Images that no browser executes; everything else is only ever saved. */
const SAFE_IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** A download of which nobody takes anything for so long is given up. */
const STALLED_MS = 30_000;
/** At the same time. */
const MAX_UPLOADS_PER_USER = 4;

/** Files in and out. message-service decides who may; the bytes stream between it and the client. */
export function fileRoutes(bus: Bus, askers: Askers, maxBytes: number): Router {
  const router = Router();
  const uploads = new Tally<number>(MAX_UPLOADS_PER_USER);

  router.post('/files', async (request, response) => {
    const actor = await askers.user(request);
    if (!uploads.add(actor.id)) throw new Failure('BUSY');
    try {
      const file = await receiveFile(request, response, bus, actor, traceOf(response), maxBytes);
      response.status(201).json(file);
    } finally {
      uploads.remove(actor.id);
    }
  });

  router.get('/files/:fileId', async (request, response) => {
    const { file, url } = await open(request, response);
    const bytes = await getBytes(url);
    describe(response, file);
    await pipeline(bytes, untilStalled(response), response).catch((error: unknown) => { if (!response.destroyed) throw error; });
  });

  return router;

  /** By token, or else by the signature of a `fileUrl`. */
  async function open(request: Request<{ fileId: string }>, response: Response): Promise<{ file: FileInfo; url: string }> {
    const { fileId } = request.params;
    const trace = traceOf(response);
    if (request.query['signature'] !== undefined && request.headers.authorization === undefined) {
      const { expires, signature } = request.query;
      const proof = FileSignature.safeParse({ expires, signature });
      if (!proof.success) throw new Failure('FILE_NOT_FOUND');
      return bus.request(messageContracts.downloadSignedFile, { fileId, ...proof.data }, { trace });
    }
    const actor = await askers.user(request);
    return bus.request(messageContracts.downloadFile, { fileId }, { actor, trace });
  }
}

/** Passes bytes on, and ends the response when nobody has taken any for a while. */
function untilStalled(response: Response): Transform {
  const timer = setTimeout(() => { response.destroy(); }, STALLED_MS);
  return new Transform({
    transform(chunk, _encoding, done) { timer.refresh(); done(null, chunk); },
    destroy(error, done) { clearTimeout(timer); done(error); },
  });
}

function describe(response: Response, file: FileInfo): void {
  response.attachment(file.name);
  if (SAFE_IMAGES.has(file.contentType)) response.set('Content-Disposition', String(response.get('Content-Disposition')).replace('attachment', 'inline'));
  // As it was uploaded: Express would add a charset that nobody named.
  response.setHeader('Content-Type', file.contentType);
  response.set({
    'Content-Length': file.size.toString(),
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': `default-src 'none'; sandbox`,
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': 'private, max-age=3600, immutable',
  });
}
