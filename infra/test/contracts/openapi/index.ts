import { Components } from '../components/index.ts';
import type { JsonSchema } from '../json-schema.ts';
import { httpRequests, ownerOf } from '../operations.ts';
import { filePaths } from './files.ts';
import { healthPaths } from './health.ts';
import { API, operationOf, pathOf } from './operation.ts';
import { HEADERS, problemSchema, RESPONSES } from './responses.ts';

// https://spec.openapis.org/oas/v3.1.1.html

/** The HTTP API. `version`: that of the contracts. */
export function openApi(version: string): JsonSchema {
  const components = new Components();
  const paths = { ...contractPaths(components), ...filePaths(API, components), ...healthPaths(components) };
  problemSchema(components);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Switchboard: HTTP API',
      version,
      description:
        'Chats, their history, and files. Live events come over Socket.IO, which the AsyncAPI document describes. Errors are problem documents (RFC 9457); each names its trace, which support needs.',
      contact: { name: 'The operators of this gateway' },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The gateway that serves this document.' }],
    security: [{ user: [] }],
    tags: tags(),
    paths,
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
      headers: HEADERS,
      responses: RESPONSES,
      schemas: components.schemas,
    },
  };
}

function contractPaths(components: Components): Record<string, JsonSchema> {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const contract of httpRequests())
    (paths[pathOf(contract)] ??= {})[contract.http.method] = operationOf(contract, components);
  return paths;
}

const tags = (): JsonSchema[] => [
  ...[...new Set(httpRequests().map(ownerOf))].map((name) => ({
    name,
    description: `Requests that ${name} handles.`,
  })),
  { name: 'health', description: 'For load balancers and orchestrators.' },
];
