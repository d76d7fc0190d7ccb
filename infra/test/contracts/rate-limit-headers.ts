import type { JsonSchema } from './json-schema.ts';

// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/

const header = (description: string, example: string): JsonSchema => ({
  description,
  schema: { type: 'string' },
  example,
});

/** For `components`. */
export const rateLimitHeaders: Record<string, JsonSchema> = {
  'RateLimit-Policy': header(
    'The token buckets that count this request, of its address and of its user: `q` requests in any `w` seconds. Absent without limits.',
    '"address";q=400;w=4, "user";q=200;w=4',
  ),
  RateLimit: header(
    'How many more requests each bucket grants now (`r`), and in how many seconds it grants one more (`t`; absent when it is full).',
    '"address";r=398;t=1, "user";r=199;t=1',
  ),
};

const references = Object.fromEntries(
  Object.keys(rateLimitHeaders).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

/** The responses of an operation, with these headers. */
export const withRateLimit = (responses: Record<string, JsonSchema>): Record<string, JsonSchema> =>
  Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [status, { ...response, headers: references }]),
  );
