import type { Components } from '../components/index.ts';
import type { JsonSchema } from '../json-schema.ts';
import { HEADERS_TOO_LARGE, problems, success } from './responses.ts';

export const healthPaths = (components: Components): Record<string, JsonSchema> => ({
  '/livez': { get: livez(components) },
  '/readyz': { get: readyz(components) },
});

const livez = (components: Components): JsonSchema => ({
  operationId: 'getLivez',
  tags: ['health'],
  summary: 'Whether the event loop runs',
  description: 'Replies whenever the event loop runs.',
  security: [],
  responses: {
    200: success(
      'It runs.',
      components.add('Liveness', {
        type: 'object',
        required: ['live'],
        properties: { live: { type: 'boolean', const: true } },
      }),
      { live: true },
    ),
    ...HEADERS_TOO_LARGE,
  },
});

function readyz(components: Components): JsonSchema {
  const readiness = components.add('Readiness', {
    type: 'object',
    required: ['ready', 'missing'],
    properties: {
      ready: { type: 'boolean' },
      missing: { type: 'array', items: { type: 'string' }, description: 'The checks that failed.' },
      why: {
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'Why, for the checks that say it.',
      },
    },
  });
  return {
    operationId: 'getReadyz',
    tags: ['health'],
    summary: 'Whether the gateway can serve',
    description:
      'Whether NATS and every service reply. `exclude`, which may be repeated, leaves a check out: a load balancer that serves chats without presence-service excludes it.',
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
      200: success('The gateway can serve.', readiness, { ready: true, missing: [] }),
      503: success('The gateway cannot serve.', readiness, { ready: false, missing: ['chat-service'] }),
      ...problems(['RATE_LIMITED']),
    },
  };
}
