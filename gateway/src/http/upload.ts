import { basename } from 'node:path';
import type { Bus, Trace } from '@switchboard/shared/bus';
import { FileInfo, messageContracts, parse, type Actor } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Request, Response } from 'express';
import multer, { MulterError, type StorageEngine } from 'multer';
import { putBytes } from './transfer.ts';

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;
const MAX_NAME_LENGTH = 200;
/** What a form needs beside its file. */
const MAX_FORM_BYTES = 16 * 1024;

/**
 * Reads one multipart file, field `file`, and streams it to message-service as it comes: nothing is kept here.
 * Throws VALIDATION for a form that is not that, TOO_LARGE, and UNAVAILABLE when the bytes cannot be stored.
 */
export async function receiveFile(request: Request, response: Response, bus: Bus, actor: Actor, trace: Trace, maxBytes: number): Promise<FileInfo> {
  // Nobody would hear of it that the form never comes.
  if (request.destroyed) throw new Failure('UNAVAILABLE');
  if (Number(request.headers['content-length'] ?? 0) > maxBytes + MAX_FORM_BYTES) throw new Failure('TOO_LARGE');
  let stored: FileInfo | undefined;
  const storage: StorageEngine = {
    _handleFile(_request, file, done) {
      storeFile(file).then((info) => { stored = info; done(null, {}); }, (error: unknown) => { done(error); });
    },
    _removeFile(_request, _file, done) { done(null); },
  };

  let tooLarge: () => void = () => undefined;

  async function storeFile(file: Express.Multer.File): Promise<FileInfo> {
    const aborted = new AbortController();
    file.stream.once('limit', () => { aborted.abort(); tooLarge(); });
    request.once('close', () => { if (!request.complete) aborted.abort(); });
    const { url } = await bus.request(messageContracts.uploadFile, { name: nameOf(file), contentType: contentTypeOf(file) }, { actor, trace });
    return parse(FileInfo, await putBytes(url, file.stream, aborted.signal));
  }

  await new Promise<void>((resolve, reject) => {
    // Multer would read the rest of the form first.
    tooLarge = () => { reject(new Failure('TOO_LARGE')); };
    request.once('close', () => { if (!request.complete) reject(new Failure('UNAVAILABLE')); });
    const upload = multer({ storage, defParamCharset: 'utf8', limits: { fileSize: maxBytes, files: 1, fields: 0, parts: 2 } }).single('file');
    upload(request, response, (error: unknown) => { if (error === undefined || error === null) resolve(); else reject(toFailure(error)); });
  });
  if (stored === undefined) throw new Failure('VALIDATION', { issues: [{ path: 'file', problem: 'a multipart field `file` with a file is needed' }] });
  return stored;
}

const nameOf = (file: Express.Multer.File): string =>
  basename(file.originalname.replaceAll('\\', '/')).replaceAll(/[\p{Cc}\p{Cs}]/gu, '').slice(0, MAX_NAME_LENGTH).toWellFormed() || 'file';

function contentTypeOf(file: Express.Multer.File): string {
  const type = file.mimetype.toLowerCase();
  return MEDIA_TYPE.test(type) ? type : 'application/octet-stream';
}

/** The reader of multipart forms says everything by plain errors; what is no outage of ours is the form's fault. */
function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof MulterError && error.code === 'LIMIT_FILE_SIZE') return new Failure('TOO_LARGE');
  return new Failure('VALIDATION', { issues: [{ path: 'file', problem: 'one multipart file is needed' }] }, { cause: error });
}
