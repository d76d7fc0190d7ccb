import type { JsonSchema } from '../json-schema.ts';
import { tag } from './tags.ts';

const securedBy = (scheme: string): JsonSchema[] => [{ $ref: `#/components/securitySchemes/${scheme}` }];

export const securitySchemes: Readonly<Record<string, JsonSchema>> = {
  token: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'The token of a client or an admin: in the handshake as `auth: { token }`, or in its header `Authorization`. `refreshToken` replaces it.',
  },
  natsUser: {
    type: 'userPassword',
    description:
      'Each program is a user of its own. The server refuses every subject that is not on the allow-list of the user.',
  },
  rabbitmqUser: {
    type: 'userPassword',
    description: 'Each service and each consumer is a user of its own, with the permissions it needs.',
  },
};

const host = (port: number, of: string): JsonSchema => ({
  host: '{host}',
  variables: { host: { default: `localhost:${String(port)}`, description: `Host and port of ${of}.` } },
});

export const servers: Readonly<Record<string, JsonSchema>> = {
  gateway: {
    ...host(3000, 'a gateway, or of the proxy before it'),
    protocol: 'wss',
    pathname: '/socket.io/',
    description: 'Socket.IO 4. Connect with `auth: { token }`. `ws` on the machine of a developer.',
    security: securedBy('token'),
    tags: [tag('clients')],
  },
  nats: {
    ...host(4222, 'a NATS server'),
    protocol: 'nats',
    description:
      'Core NATS, between the gateway and the services. A caller sends a request to one replica, as `<subject>.<replica>`, or to the queue group when it knows no replica.',
    security: securedBy('natsUser'),
    tags: [tag('services')],
  },
  rabbitmq: {
    ...host(5672, 'a node of RabbitMQ'),
    protocol: 'amqp',
    protocolVersion: '0.9.1',
    description: 'RabbitMQ, for other systems.',
    security: securedBy('rabbitmqUser'),
    tags: [tag('other systems')],
  },
};
