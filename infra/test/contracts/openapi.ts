import { FileInfo } from '@switchboard/shared/contracts';
import { ERRORS, type ErrorCode } from '@switchboard/shared/errors';
import { inputSchemaOf, jsonSchemaOf, type JsonSchema } from './json-schema.ts';
import { errorsOf, httpRequests, ownerOf, summaryOf, type HttpContract } from './operations.ts';
import { rateLimitHeaders, withRateLimit } from './rate-limit-headers.ts';

// https://spec.openapis.org/oas/v3.1.1.html

const API = '/api/v1';
const CALLERS = { user: 'user', machine: 'machine' } as const;
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

/** The HTTP API. `version`: that of the contracts. */
export const openApi = (version: string): JsonSchema => ({
  openapi: '3.1.1',
  info: {
    title: 'Switchboard: HTTP API',
    version,
    description:
      'Chats, their history, and files. What happens while one looks on comes over Socket.IO, which the AsyncAPI document describes. Errors are problem documents (RFC 9457); each names its trace, which is what support asks for.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/', description: 'The gateway that serves this document.' }],
  security: [{ user: [] }],
  paths: { ...contractPaths(), ...filePaths(), ...healthPaths() },
  components: {
    securitySchemes: {
      user: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'A token of a client or an admin.',
      },
      machine: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'A token of the role `service`, for another system of the enterprise.',
      },
    },
    schemas: { Problem: PROBLEM },
    headers: rateLimitHeaders,
  },
});

const PROBLEM: JsonSchema = {
  description: 'RFC 9457.',
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'retryable', 'traceId'],
  properties: {
    type: { type: 'string', description: '`urn:switchboard:error:<code>`' },
    title: { type: 'string', description: 'A fixed sentence, safe to show.' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(ERRORS) },
    retryable: { type: 'boolean', description: 'Whether the same request may succeed later.' },
    traceId: { type: 'string' },
    details: {
      type: 'object',
      description: '`issues`: the fields that are wrong. `retryAfterMs`: when to come back.',
    },
  },
};

function contractPaths(): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const contract of httpRequests())
    (paths[pathOf(contract)] ??= {})[contract.http.method] = operationOf(contract);
  return paths;
}

const pathOf = ({ http }: HttpContract): string => `${API}${http.path.replaceAll(/:(\w+)/g, '{$1}')}`;

function operationOf(contract: HttpContract): JsonSchema {
  const { http, description, reply, example } = contract;
  const caller = contract.kind === 'request' ? contract.caller : 'user';
  const { properties = {}, required = [], ...rest } = inputSchemaOf(http.input);
  const names = Object.keys(properties);
  const inPath = names.filter((name) => http.path.includes(`:${name}`));
  const inHeader = Object.entries(http.headers ?? {});
  const others = names.filter(
    (name) => !inPath.includes(name) && !inHeader.some(([, field]) => field === name),
  );
  const examples = recordOf(example.payload);
  // As text in a URL, a parameter is described by the value that the text stands for.
  const meanings = jsonSchemaOf(contract.payload).properties ?? {};
  const parameter = (name: string, place: 'path' | 'query') => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: meanings[name] ?? properties[name],
    example: examples[name],
  });
  const body = {
    ...rest,
    properties: pick(properties, others),
    required: required.filter((name) => others.includes(name)),
  };
  const hasBody = http.method === 'post' || http.method === 'patch';
  return {
    operationId: `${http.method}${http.path
      .split('/')
      .filter((part) => part !== '' && !part.startsWith(':'))
      .map(capital)
      .join('')}${inPath.map((name) => `By${capital(name)}`).join('')}`,
    tags: [ownerOf(contract)],
    summary: summaryOf(description),
    description,
    ...(caller in CALLERS ? { security: [{ [caller]: [] }] } : {}),
    parameters: [
      ...inPath.map((name) => parameter(name, 'path')),
      ...inHeader.map(([header, field]) => ({
        name: header,
        in: 'header',
        required: false,
        schema: meanings[field],
        example: examples[field],
      })),
      ...(hasBody ? [] : others.map((name) => parameter(name, 'query'))),
    ],
    ...(hasBody
      ? {
          requestBody: {
            required: body.required.length > 0,
            content: { 'application/json': { schema: body, example: pick(examples, others) } },
          },
        }
      : {}),
    responses: withRateLimit({
      [String(http.status ?? 200)]: answer('What was asked for.', jsonSchemaOf(reply), example.reply),
      ...(http.headers === undefined || http.status === undefined
        ? {}
        : {
            200: answer('What an earlier request with the same key created.', jsonSchemaOf(reply), {
              ...recordOf(example.reply),
              deduplicated: true,
            }),
          }),
      ...problems([...errorsOf(contract), ...(hasBody ? (['UNSUPPORTED_MEDIA_TYPE'] as const) : [])]),
    }),
  };
}

const answer = (description: string, schema: JsonSchema, example: unknown): JsonSchema => ({
  description,
  content: { 'application/json': { schema, example } },
});

/** One response per status, with an example of each code. */
function problems(codes: readonly ErrorCode[]): Record<string, JsonSchema> {
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status),
      {
        description: ofStatus.map((code) => `\`${code}\`: ${ERRORS[code].sentence}`).join(' '),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(ofStatus.map((code) => [code, { value: problemOf(code) }])),
          },
        },
      },
    ]),
  );
}

function problemOf(code: ErrorCode): unknown {
  const { status, sentence, retryable } = ERRORS[code];
  return {
    type: `urn:switchboard:error:${code}`,
    title: sentence,
    status,
    code,
    retryable,
    traceId: TRACE_ID,
  };
}

const FILE_ID = '0198c0de-0002-7000-8000-000000000003';

const BYTES: JsonSchema = {
  'application/octet-stream': { schema: { type: 'string', contentMediaType: 'application/octet-stream' } },
};

/** Bytes are no contract's: the gateway streams them. */
const filePaths = (): JsonSchema => ({
  [`${API}/files`]: {
    post: {
      operationId: 'postFiles',
      tags: ['message-service'],
      summary: 'Uploads a file',
      description:
        'Uploads one file; its `id` is then the `fileId` of a message. Four uploads of a user at a time.',
      requestBody: {
        required: true,
        content: {
          'multipart/form-data': {
            schema: {
              type: 'object',
              required: ['file'],
              properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' } },
            },
          },
        },
      },
      responses: withRateLimit({
        201: answer('It is stored.', jsonSchemaOf(FileInfo), {
          id: FILE_ID,
          name: 'receipt.png',
          contentType: 'image/png',
          size: 48_213,
        }),
        ...problems(errorsOf({ errors: ['VALIDATION', 'TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] })),
      }),
    },
  },
  [`${API}/files/{fileId}`]: {
    get: {
      operationId: 'getFilesByFileId',
      tags: ['message-service'],
      summary: 'The bytes of a file',
      description:
        'For the uploader and for whoever may enter a chat where the file was sent; or for whoever has a `fileUrl` that is still good, which carries `expires` and `signature` and needs no token.',
      security: [{ user: [] }, {}],
      parameters: [
        { name: 'fileId', in: 'path', required: true, schema: { type: 'string' }, example: FILE_ID },
        { name: 'expires', in: 'query', schema: { type: 'string' }, example: '1773504566' },
        { name: 'signature', in: 'query', schema: { type: 'string' }, example: 'q5X0' },
        {
          name: 'Range',
          in: 'header',
          description: 'One range of bytes (RFC 9110, section 14). Several ranges get the whole file.',
          schema: { type: 'string' },
          example: 'bytes=0-1',
        },
      ],
      responses: withRateLimit({
        200: {
          description: 'The bytes, under the content type with which they were uploaded.',
          content: BYTES,
        },
        206: { description: 'The bytes of the range, which `Content-Range` names.', content: BYTES },
        ...problems(errorsOf({ errors: ['FILE_NOT_FOUND', 'RANGE_NOT_SATISFIABLE'] })),
      }),
    },
  },
});

const healthPaths = (): JsonSchema => ({
  '/livez': {
    get: {
      operationId: 'getLivez',
      tags: ['health'],
      summary: 'Whether the process turns',
      description: 'Answers whenever the event loop turns.',
      security: [],
      responses: { 200: answer('It does.', { type: 'object' }, { live: true }) },
    },
  },
  '/readyz': {
    get: {
      operationId: 'getReadyz',
      tags: ['health'],
      summary: 'Whether it can serve',
      description:
        'Whether NATS and every service answer. `exclude`, which may be repeated, leaves one out: a load balancer that has chats go on without presence-service excludes it.',
      security: [],
      parameters: [
        {
          name: 'exclude',
          in: 'query',
          schema: { type: 'array', items: { type: 'string' } },
          example: ['presence-service'],
        },
      ],
      responses: {
        200: answer('It can.', { type: 'object' }, { ready: true, missing: [] }),
        503: answer(
          'It cannot; `missing` names what is not there.',
          { type: 'object' },
          { ready: false, missing: ['chat-service'] },
        ),
      },
    },
  },
});

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
const pick = <Value>(
  record: Readonly<Record<string, Value>>,
  names: readonly string[],
): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => names.includes(name)));
