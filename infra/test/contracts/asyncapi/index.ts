import { Components } from '../components/index.ts';
import type { JsonSchema } from '../json-schema.ts';
import { amqpPart } from './amqp.ts';
import { natsPart, roomPart, signalPart } from './nats.ts';
import { securitySchemes, servers } from './servers.ts';
import { socketPart } from './socket.ts';
import { tags } from './tags.ts';

/**
 * Everything that is not HTTP: the Socket.IO API, the subjects of NATS, the exchange of RabbitMQ. `version`:
 * that of the contracts.
 */
export function asyncApi(version: string): JsonSchema {
  const components = new Components();
  const parts = [socketPart, natsPart, roomPart, signalPart, amqpPart].map((part) => part(components));
  const allTags = tags();
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Switchboard: events',
      version,
      description:
        'For clients: the Socket.IO API. For the teams of the services: the subjects of NATS. For other systems: the integration events of RabbitMQ. Operations are described from the side of Switchboard: it receives requests, and sends events.',
      contact: { name: 'The operators of this gateway' },
      license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT.html' },
      tags: Object.keys(allTags).map((key) => ({ $ref: `#/components/tags/${key}` })),
    },
    defaultContentType: 'application/json',
    servers,
    channels: Object.assign({}, ...parts.map(({ channels }) => channels)) as Record<string, JsonSchema>,
    operations: Object.assign({}, ...parts.map(({ operations }) => operations)) as Record<string, JsonSchema>,
    components: { schemas: components.schemas, securitySchemes, tags: allTags },
  };
}
