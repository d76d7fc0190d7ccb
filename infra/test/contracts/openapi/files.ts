import { FileInfo, FileSignature } from '@switchboard/shared/contracts';
import { objectOf, type Components } from '../components/index.ts';
import type { JsonSchema } from '../json-schema.ts';
import { errorsOf } from '../operations.ts';
import { headers, problems, success } from './responses.ts';

const FILE_ID = '0198c0de-0002-7000-8000-000000000003';

/** `format`: OpenAPI 3.1 has no such format, but generators take bytes by it. */
const BYTES: JsonSchema = {
  type: 'string',
  format: 'binary',
  contentMediaType: 'application/octet-stream',
};
/** A download has the content type of its upload, whatever that was. */
const DOWNLOADED: JsonSchema = { '*/*': { schema: BYTES } };

/** The gateway streams bytes; no contract carries them. */
export const filePaths = (api: string, components: Components): Record<string, JsonSchema> => ({
  [`${api}/files`]: { post: upload(components) },
  [`${api}/files/{fileId}`]: { get: download },
});

const upload = (components: Components): JsonSchema => ({
  operationId: 'postFiles',
  tags: ['message-service'],
  summary: 'Uploads a file',
  description:
    'Uploads one file; its `id` is then the `fileId` of a message. Four uploads of a user at a time.',
  requestBody: {
    required: true,
    content: {
      'multipart/form-data': {
        schema: components.add('PostFilesBody', {
          type: 'object',
          required: ['file'],
          properties: { file: BYTES },
        }),
      },
    },
  },
  responses: {
    201: success('Stored.', components.output('PostFilesReply', FileInfo), {
      id: FILE_ID,
      name: 'receipt.png',
      contentType: 'image/png',
      size: 48_213,
    }),
    ...problems(errorsOf({ errors: ['VALIDATION', 'TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] })),
  },
});

const { properties: signature = {} } = objectOf(FileSignature).schema;

const download: JsonSchema = {
  operationId: 'getFilesByFileId',
  tags: ['message-service'],
  summary: 'The bytes of a file',
  description:
    'For the uploader, and for users who may enter a chat where the file was sent. A `fileUrl` that is still valid carries `expires` and `signature` and needs no token.',
  security: [{ user: [] }, {}],
  parameters: [
    {
      name: 'fileId',
      in: 'path',
      required: true,
      schema: { type: 'string', format: 'uuid' },
      example: FILE_ID,
    },
    { name: 'expires', in: 'query', schema: signature['expires'], example: '1773504566' },
    { name: 'signature', in: 'query', schema: signature['signature'], example: 'q5X0' },
    {
      name: 'Range',
      in: 'header',
      description: 'One range of bytes (RFC 9110, section 14). Several ranges get the whole file.',
      schema: { type: 'string' },
      example: 'bytes=0-1',
    },
    {
      name: 'If-None-Match',
      in: 'header',
      description: 'The `ETag` of bytes that the client has.',
      schema: { type: 'string' },
      example: `"${FILE_ID}"`,
    },
  ],
  responses: {
    200: {
      description: 'The bytes, under the content type with which they were uploaded.',
      headers: headers('ETag', 'Accept-Ranges', 'Content-Disposition'),
      content: DOWNLOADED,
    },
    206: {
      description: 'The bytes of the range, which `Content-Range` names.',
      headers: headers('ETag', 'Accept-Ranges', 'Content-Range', 'Content-Disposition'),
      content: DOWNLOADED,
    },
    304: {
      description: 'The client has the bytes: `If-None-Match` names them.',
      headers: headers('ETag', 'Accept-Ranges', 'Content-Disposition'),
    },
    ...problems(errorsOf({ errors: ['FILE_NOT_FOUND', 'RANGE_NOT_SATISFIABLE'] })),
  },
};
