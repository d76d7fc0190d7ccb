import { amqpPart } from './amqp.ts';
import { natsPart, roomPart, signalPart } from './nats.ts';
import { socketPart } from './socket.ts';
import type { JsonSchema } from '../json-schema.ts';

/**
 * Everything that is not HTTP: the Socket.IO API, the subjects of NATS, the exchange of RabbitMQ. `version`:
 * that of the contracts.
 */
export function asyncApi(version: string): JsonSchema {
  const parts = [socketPart(), natsPart(), roomPart(), signalPart(), amqpPart()];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Switchboard: events',
      version,
      description:
        'For clients: the Socket.IO API. For the teams of the services: the subjects of NATS. For other systems: the integration events of RabbitMQ. An operation is told from the side of Switchboard: it receives what it is asked, and sends what it tells.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      gateway: {
        host: 'localhost:3000',
        protocol: 'wss',
        pathname: '/socket.io/',
        description: 'Socket.IO 4. Connect with `auth: { token }`.',
        tags: [{ name: 'clients' }],
      },
      nats: {
        host: 'localhost:4222',
        protocol: 'nats',
        description:
          'Core NATS, between the gateway and the services. Each has a user of its own, who may do what is theirs.',
        tags: [{ name: 'services' }],
      },
      rabbitmq: {
        host: 'localhost:5672',
        protocol: 'amqp',
        protocolVersion: '0.9.1',
        description: 'RabbitMQ, for other systems.',
        tags: [{ name: 'other systems' }],
      },
    },
    channels: Object.assign({}, ...parts.map(({ channels }) => channels)) as Record<string, JsonSchema>,
    operations: Object.assign({}, ...parts.map(({ operations }) => operations)) as Record<string, JsonSchema>,
  };
}
