import type { Bus } from '@switchboard/shared/bus';
import type { Trace } from '@switchboard/shared/telemetry';
import { FileInfo, messageContracts, parse, type Actor } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Request, Response } from 'express';
import multer, { MulterError, type StorageEngine } from 'multer';
import { hasBody, unsupported } from './body.ts';
import { fileNameOf } from './file-name.ts';
import { putBytes, removeBytes } from './transfer.ts';

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;
const FORM = 'multipart/form-data';
/** The bytes of a form beside its file. */
const MAX_FORM_BYTES = 16 * 1024;

/**
 * Streams the multipart field `file` to message-service and buffers nothing. Throws UNSUPPORTED_MEDIA_TYPE
 * for no form, VALIDATION for another form, TOO_LARGE, and UNAVAILABLE when the bytes cannot be stored.
 */
export async function receiveFile(
  request: Request,
  response: Response,
  bus: Bus,
  actor: Actor,
  trace: Trace,
  maxBytes: number,
): Promise<FileInfo> {
  // On a destroyed request no event would come any more.
  if (request.destroyed) throw new Failure('UNAVAILABLE');
  if (hasBody(request) && request.is(FORM) === false) throw unsupported(response, [FORM]);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes + MAX_FORM_BYTES)
    throw new Failure('TOO_LARGE');
  let stored: FileInfo | undefined;
  let removeUrl: string | undefined;
  const storage: StorageEngine = {
    _handleFile(_request, file, done) {
      storeFile(file).then(
        (info) => {
          stored = info;
          done(null, {});
        },
        (error: unknown) => {
          done(error);
        },
      );
    },
    _removeFile(_request, _file, done) {
      done(null);
    },
  };

  let tooLarge: () => void = () => undefined;

  async function storeFile(file: Express.Multer.File): Promise<FileInfo> {
    const aborted = new AbortController();
    file.stream.once('limit', () => {
      aborted.abort();
      tooLarge();
    });
    request.once('close', () => {
      if (!request.complete) aborted.abort();
    });
    const { url } = await bus.request(
      messageContracts.uploadFile,
      { name: fileNameOf(file.originalname), contentType: contentTypeOf(file) },
      { actor, trace },
    );
    const { json, ...put } = await putBytes(url, file.stream, aborted.signal);
    ({ removeUrl } = put);
    return parse(FileInfo, json);
  }

  await new Promise<void>((resolve, reject) => {
    // Rejects now: Multer would first read the rest of the form.
    tooLarge = () => {
      reject(new Failure('TOO_LARGE'));
    };
    request.once('close', () => {
      if (!request.complete) reject(new Failure('UNAVAILABLE'));
    });
    const upload = multer({
      storage,
      defParamCharset: 'utf8',
      limits: { fileSize: maxBytes, files: 1, fields: 0, parts: 2 },
    }).single('file');
    upload(request, response, (error: unknown) => {
      if (error === undefined || error === null) resolve();
      else reject(toFailure(error));
    });
  }).catch(async (error: unknown) => {
    // The file came before what is wrong, and no one was told its id.
    await removeBytes(removeUrl);
    throw error;
  });
  if (stored === undefined)
    throw new Failure('VALIDATION', {
      issues: [{ path: 'file', problem: 'a multipart field `file` with a file is needed' }],
    });
  return stored;
}

function contentTypeOf(file: Express.Multer.File): string {
  const type = file.mimetype.toLowerCase();
  return MEDIA_TYPE.test(type) ? type : 'application/octet-stream';
}

/** Multer and its parser throw plain errors: any that is no Failure means an invalid form. */
function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof MulterError && error.code === 'LIMIT_FILE_SIZE') return new Failure('TOO_LARGE');
  return new Failure(
    'VALIDATION',
    { issues: [{ path: 'file', problem: 'one multipart file is needed' }] },
    { cause: error },
  );
}
