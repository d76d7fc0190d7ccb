import { ERRORS, type ErrorCode } from '@switchboard/shared/errors';
import type { Components } from '../components/index.ts';
import { addFailures, detailsOf } from '../failures.ts';
import type { JsonSchema } from '../json-schema.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

export const HEADERS = {
  'Trace-Id': { description: 'Names the trace of the request, for support.', schema: { type: 'string' } },
  // https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/
  'RateLimit-Policy': {
    description:
      'The token buckets that count this request, of its address and of its user: `q` requests in any `w` seconds. Absent without limits.',
    schema: { type: 'string' },
    example: '"address";q=400;w=4, "user";q=200;w=4',
  },
  RateLimit: {
    description:
      'How many more requests each bucket grants now (`r`), and in how many seconds it grants one more (`t`; absent when it is full).',
    schema: { type: 'string' },
    example: '"address";r=398;t=1, "user";r=199;t=1',
  },
  'Retry-After': {
    description: 'When to try again, in seconds from now. Present where the code is retryable.',
    schema: { type: 'integer', minimum: 1 },
  },
  Accept: {
    description: 'The content types that the route reads (RFC 9110, section 15.5.16).',
    schema: { type: 'string' },
  },
  'Content-Range': {
    description: 'The range of bytes, and the size of the file (RFC 9110, section 14.4).',
    schema: { type: 'string' },
  },
  'Accept-Ranges': { description: 'The route supports `Range`.', schema: { const: 'bytes' } },
  ETag: { description: 'The bytes of a file never change.', schema: { type: 'string' } },
  'Content-Disposition': {
    description: '`inline` for images that no browser executes, else `attachment`; with the file name.',
    schema: { type: 'string' },
  },
} as const satisfies Record<string, JsonSchema>;

export const RESPONSES: JsonSchema = {
  HeadersTooLarge: { description: 'The headers exceed 16 KiB. Node replies, without a body.' },
};
/** Of every operation. */
export const HEADERS_TOO_LARGE: JsonSchema = { 431: { $ref: '#/components/responses/HeadersTooLarge' } };

/** An object of OpenAPI that is no schema. */
export type OpenApiObject = Readonly<Record<string, unknown>>;

type HeaderName = keyof typeof HEADERS;

const OF_EVERY_RESPONSE = ['Trace-Id', 'RateLimit-Policy', 'RateLimit'] as const;

/** These, and those of every response. */
export const headers = (...names: readonly HeaderName[]): JsonSchema =>
  Object.fromEntries(
    [...OF_EVERY_RESPONSE, ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );

export const success = (description: string, schema: JsonSchema, example: unknown): JsonSchema => ({
  description,
  headers: headers(),
  content: { 'application/json': { schema, example } },
});

/** The component `Problem`. */
export function problemSchema(components: Components): void {
  const byCode = addFailures(components, {
    name: 'Problem',
    properties: {
      type: { type: 'string', description: '`urn:switchboard:error:<code>`' },
      title: { type: 'string', description: 'A fixed sentence, safe to show.' },
      status: { type: 'integer', description: 'The status of the response.' },
    },
  });
  components.add('Problem', {
    description: 'A problem document (RFC 9457). `code` tells what `details` hold.',
    oneOf: [...new Set(byCode.values())],
    discriminator: {
      propertyName: 'code',
      mapping: Object.fromEntries([...byCode].map(([code, { $ref }]) => [code, $ref])),
    },
  });
}

/** One response per status, with an example of each code. */
export function problems(codes: readonly ErrorCode[]): JsonSchema {
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  const responses = Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status),
      {
        description: ofStatus.map((code) => `\`${code}\`: ${ERRORS[code].sentence}`).join(' '),
        headers: headers(...new Set(ofStatus.flatMap(headersOf))),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(ofStatus.map((code) => [code, { value: problemOf(code) }])),
          },
        },
      },
    ]),
  );
  return { ...responses, ...HEADERS_TOO_LARGE };
}

function headersOf(code: ErrorCode): HeaderName[] {
  if (code === 'UNSUPPORTED_MEDIA_TYPE') return ['Accept'];
  if (code === 'RANGE_NOT_SATISFIABLE') return ['Content-Range'];
  return ERRORS[code].retryable ? ['Retry-After'] : [];
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
    details: detailsOf(code)?.example,
  };
}
