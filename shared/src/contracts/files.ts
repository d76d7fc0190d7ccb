import { z } from 'zod';
import { always, request } from './define.ts';
import { FILE_ID } from './examples.ts';
import { FileId } from './values.ts';

/** An internal URL for one transfer of a file's bytes, on the replica that issued it, within a minute. */
const Transfer = z.object({ url: z.url() });

export const FileInfo = z.object({
  id: FileId,
  name: z.string(),
  contentType: z.string(),
  size: z.int().nonnegative(),
  /** Of an image, in pixels, as it is shown. */
  width: z.int().positive().optional(),
  height: z.int().positive().optional(),
});
export type FileInfo = z.output<typeof FileInfo>;

/**
 * Proof that message-service issued a `fileUrl`: seconds since 1970 until which it is valid, and the
 * signature, which a gateway narrows to one receiver.
 */
export const FileSignature = z.strictObject({
  expires: z.string().regex(/^\d{1,12}$/),
  signature: z.string().max(100),
});
export type FileSignature = z.output<typeof FileSignature>;

const FILE = {
  id: FILE_ID,
  name: 'receipt.png',
  contentType: 'image/png',
  size: 48_213,
  width: 640,
  height: 480,
};
const TRANSFER = { url: 'http://message-service-1:8080/files/9b1deb4d' };

/** Requests of message-service about files. Their bytes travel beside NATS. */
export const fileContracts = {
  uploadFile: request('message.v1.uploadFile', {
    caller: 'user',
    isIdempotent: always,
    description:
      'The URL to PUT the bytes of a new file of the actor. The file exists once the PUT has returned its FileInfo.',
    payload: z.strictObject({ name: z.string().min(1).max(255), contentType: z.string().max(255) }),
    reply: Transfer,
    example: { payload: { name: 'receipt.png', contentType: 'image/png' }, reply: TRANSFER },
    errors: ['VALIDATION'],
  }),

  downloadFile: request('message.v1.downloadFile', {
    caller: 'user',
    isIdempotent: always,
    description:
      'The URL to GET the bytes: for the uploader, and for users who may enter a chat to which the file was sent.',
    payload: z.strictObject({ fileId: FileId }),
    reply: Transfer.extend({ file: FileInfo }),
    example: { payload: { fileId: FILE_ID }, reply: { ...TRANSFER, file: FILE } },
    errors: ['FILE_NOT_FOUND'],
  }),

  downloadSignedFile: request('message.v1.downloadSignedFile', {
    caller: 'service',
    isIdempotent: always,
    description:
      'The URL to GET the bytes, for the receiver of a `fileUrl` that is still valid, if they may have the file now.',
    payload: FileSignature.extend({ fileId: FileId }),
    reply: Transfer.extend({ file: FileInfo }),
    example: {
      payload: { fileId: FILE_ID, expires: '1773504566', signature: 'q5X0' },
      reply: { ...TRANSFER, file: FILE },
    },
    errors: ['FILE_NOT_FOUND'],
  }),
};
