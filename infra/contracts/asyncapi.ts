import {
  chatHeads, cloudEventOf, EVENTS_EXCHANGE, eventTypeOf, integrationEvents, messageHeads, requestContracts, roomEvents, tokenExpiring,
  type IntegrationEvent, type RequestContract, type RoomEventContract,
} from '@switchboard/shared/contracts';
import { cloudEventExample } from './examples.ts';
import { jsonSchemaOf, type JsonSchema } from './json-schema.ts';
import { askedSchemaOf, errorsOf, errorTable, ownerOf, socketRequests, summaryOf } from './operations.ts';

// https://www.asyncapi.com/docs/reference/specification/v3.0.0

/** One way to talk with Switchboard: what travels where, and who does it. */
interface Part {
  readonly channels: Record<string, JsonSchema>;
  readonly operations: Record<string, JsonSchema>;
}

/** Everything that is not HTTP: the Socket.IO API, the subjects of NATS, the exchange of RabbitMQ. `version`: that of the contracts. */
export function asyncApi(version: string): JsonSchema {
  const parts = [socketPart(), natsPart(), roomPart(), signalPart(), amqpPart()];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Switchboard: events',
      version,
      description: 'For clients: the Socket.IO API. For the teams of the services: the subjects of NATS. For other systems: the integration events of RabbitMQ. An operation is told from the side of Switchboard: it receives what it is asked, and sends what it tells.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      gateway: { host: 'localhost:3000', protocol: 'wss', pathname: '/socket.io/', description: 'Socket.IO 4. Connect with `auth: { token }`.', tags: [{ name: 'clients' }] },
      nats: { host: 'localhost:4222', protocol: 'nats', description: 'Core NATS, between the gateway and the services. Each has a user of its own, who may do what is theirs.', tags: [{ name: 'services' }] },
      rabbitmq: { host: 'localhost:5672', protocol: 'amqp', protocolVersion: '0.9.1', description: 'RabbitMQ, for other systems.', tags: [{ name: 'other systems' }] },
    },
    channels: Object.assign({}, ...parts.map(({ channels }) => channels)) as Record<string, JsonSchema>,
    operations: Object.assign({}, ...parts.map(({ operations }) => operations)) as Record<string, JsonSchema>,
  };
}

const at = (...path: readonly string[]): JsonSchema => ({ $ref: `#/${path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}` });
const message = (name: string, description: string, payload: JsonSchema, example: unknown): JsonSchema =>
  ({ name, title: name, summary: summaryOf(description), description, payload, examples: [{ name: 'example', payload: example }] });
const asked = (description: string, contract: Pick<RequestContract, 'errors'>): string => `${description}\n\n${errorTable(errorsOf(contract))}`;

const SOCKET = 'socket.io';

/** One connection carries everything; an event is a message. */
function socketPart(): Part {
  const messages: Record<string, JsonSchema> = {};
  const operations: Record<string, JsonSchema> = {};
  for (const contract of socketRequests()) {
    const { socket, description, reply, example } = contract;
    if (socket === undefined) continue;
    const ack = `${socket.event}.reply`;
    messages[socket.event] = message(socket.event, description, askedSchemaOf(contract), socket.form?.example ?? example.payload);
    messages[ack] = message(socket.reply, `Answers \`${socket.event}\`: to the acknowledgement callback as \`{event, data, traceId}\`, without one as an event of this name.`, envelopeOf(socket.reply, jsonSchemaOf(reply)), { event: socket.reply, data: example.reply, traceId: '4bf92f3577b34da6a3ce929d0e0e4736' });
    operations[`socket.${socket.event}`] = {
      action: 'receive', title: socket.event, summary: summaryOf(description), description: asked(description, contract), tags: [{ name: 'clients' }],
      channel: at('channels', SOCKET), messages: [at('channels', SOCKET, 'messages', socket.event)],
      reply: { channel: at('channels', SOCKET), messages: [at('channels', SOCKET, 'messages', ack), at('channels', SOCKET, 'messages', 'error')] },
    };
  }
  messages['error'] = message('error', 'Why something was refused, or failed. To the acknowledgement callback, or as the event `error` with the sentence and the rest.', ERROR, {
    event: 'error', data: 'There is no such chat.', code: 'CHAT_NOT_FOUND', retryable: false, traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  });
  for (const { event, description, payload, example } of [...roomEvents.filter(({ socket }) => socket), tokenExpiring]) {
    messages[event] = message(event, description, jsonSchemaOf(payload), example);
    operations[`socket.${event}`] = { action: 'send', title: event, summary: summaryOf(description), description, tags: [{ name: 'clients' }], channel: at('channels', SOCKET), messages: [at('channels', SOCKET, 'messages', event)] };
  }
  return {
    channels: { [SOCKET]: { address: '/socket.io/', title: 'Socket.IO', description: 'The connection of a client. What one socket asks of one chat is done in the order in which it asked.', servers: [at('servers', 'gateway')], messages } },
    operations,
  };
}

const envelopeOf = (event: string, data: JsonSchema): JsonSchema =>
  ({ type: 'object', required: ['event', 'data'], properties: { event: { const: event }, data, traceId: { type: 'string' } } });

const ERROR: JsonSchema = {
  type: 'object',
  required: ['event', 'data', 'code', 'retryable'],
  properties: {
    event: { const: 'error' },
    data: { type: 'string', description: 'A fixed sentence, safe to show.' },
    code: { type: 'string' },
    retryable: { type: 'boolean' },
    traceId: { type: 'string' },
    details: { type: 'object', description: '`issues`: the fields that are wrong. `retryAfterMs`: when to come back.' },
  },
};

/** A subject per request. Those that leave in one turn travel together; an answer is two lines. What is shown is the payload of one. */
function natsPart(): Part {
  const channels: Record<string, JsonSchema> = {};
  const operations: Record<string, JsonSchema> = {};
  for (const contract of requestContracts) {
    const { subject, description, payload, reply, example, caller } = contract;
    channels[subject] = {
      address: subject, title: subject, servers: [at('servers', 'nats')], bindings: { nats: { bindingVersion: '0.1.0' } },
      description: `Asked of ${ownerOf(contract)}, of which one replica answers. ${caller === 'service' ? 'By the gateway or a service, for itself.' : `For a ${caller}.`}`,
      messages: { request: message(`${subject} request`, description, jsonSchemaOf(payload), example.payload), reply: message(`${subject} reply`, `Answers ${subject}.`, jsonSchemaOf(reply), example.reply) },
    };
    operations[`nats.${subject}`] = {
      action: 'receive', title: subject, summary: summaryOf(description), description: asked(description, contract), tags: [{ name: 'services' }, { name: ownerOf(contract) }],
      channel: at('channels', subject), messages: [at('channels', subject, 'messages', 'request')],
      bindings: { nats: { queue: ownerOf(contract), bindingVersion: '0.1.0' } },
      reply: { address: { location: '$message.header#/reply' }, channel: at('channels', subject), messages: [at('channels', subject, 'messages', 'reply')] },
    };
  }
  return { channels, operations };
}

/** What the gateways hear of a chat; each of them that follows its room. */
function roomPart(): Part {
  const owners = Map.groupBy(roomEvents, ({ owner }) => owner);
  const channels = Object.fromEntries([...owners].map(([owner, events]) => [`room.${owner}`, {
    address: `room.{chatId}.${owner}`, title: `Room events of ${owner}-service`, servers: [at('servers', 'nats')],
    description: 'Told after COMMIT, once; what is durable has a number (`rev`) in the log of its chat, where whoever missed it reads it. Two lines: what it is, and its payload.',
    parameters: { chatId: { description: 'The chat.' } },
    messages: Object.fromEntries(events.map(({ event, description, payload, example }) => [event, message(event, description, jsonSchemaOf(payload), example)])),
  }]));
  const operationOf = ({ owner, event, description }: RoomEventContract): [string, JsonSchema] => [`room.${event}`, {
    action: 'send', title: event, summary: summaryOf(description), description, tags: [{ name: 'services' }, { name: `${owner}-service` }],
    channel: at('channels', `room.${owner}`), messages: [at('channels', `room.${owner}`, 'messages', event)],
  }];
  return { channels, operations: Object.fromEntries(roomEvents.map(operationOf)) };
}

function signalPart(): Part {
  const signals = [chatHeads, messageHeads];
  return {
    channels: Object.fromEntries(signals.map(({ subject, description, payload, example }) => [subject, {
      address: subject, title: subject, description, servers: [at('servers', 'nats')], messages: { heads: message(subject, description, jsonSchemaOf(payload), example) },
    }])),
    operations: Object.fromEntries(signals.map(({ subject, description }) => [`signal.${subject}`, {
      action: 'send', title: subject, summary: summaryOf(description), description, tags: [{ name: 'services' }], channel: at('channels', subject), messages: [at('channels', subject, 'messages', 'heads')],
    }])),
  };
}

/** A routing key per kind of event. */
function amqpPart(): Part {
  const events: readonly IntegrationEvent[] = Object.values(integrationEvents);
  return {
    channels: Object.fromEntries(events.map((event) => [`amqp.${event.routingKey}`, {
      address: event.routingKey, title: event.routingKey, servers: [at('servers', 'rabbitmq')],
      description: 'At least once, and a repeat has the same `id`; those of a chat in the order of the log of their `source`.',
      bindings: { amqp: { is: 'routingKey', exchange: { name: EVENTS_EXCHANGE, type: 'topic', durable: true, autoDelete: false, vhost: '/' }, bindingVersion: '0.3.0' } },
      messages: { event: { ...message(eventTypeOf(event), event.description, jsonSchemaOf(cloudEventOf(event)), cloudEventExample(event)), contentType: 'application/cloudevents+json' } },
    }])),
    operations: Object.fromEntries(events.map(({ routingKey, description }) => [`amqp.${routingKey}`, {
      action: 'send', title: routingKey, summary: summaryOf(description), description, tags: [{ name: 'other systems' }],
      bindings: { amqp: { deliveryMode: 2, mandatory: true, bindingVersion: '0.3.0' } },
      channel: at('channels', `amqp.${routingKey}`), messages: [at('channels', `amqp.${routingKey}`, 'messages', 'event')],
    }])),
  };
}
