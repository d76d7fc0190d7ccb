import {
  chatHeads,
  messageHeads,
  requestContracts,
  roomEvents,
  type RoomEventContract,
} from '@switchboard/shared/contracts';
import { inputSchemaOf, jsonSchemaOf, type JsonSchema } from '../json-schema.ts';
import { ownerOf, summaryOf } from '../operations.ts';
import { at, describedWithErrors, message, type Part } from './part.ts';

// https://www.asyncapi.com/docs/reference/specification/v3.0.0

/**
 * One subject per request. Shows the payload of one: requests of one tick share a message, and a reply has
 * two lines.
 */
export function natsPart(): Part {
  const channels: Record<string, JsonSchema> = {};
  const operations: Record<string, JsonSchema> = {};
  for (const contract of requestContracts) {
    const { subject, description, payload, reply, example, caller } = contract;
    channels[subject] = {
      address: subject,
      title: subject,
      servers: [at('servers', 'nats')],
      bindings: { nats: { bindingVersion: '0.1.0' } },
      description: `Asked of ${ownerOf(contract)}, of which one replica answers. ${caller === 'service' ? 'By the gateway or a service, for itself.' : `For a ${caller}.`}`,
      messages: {
        request: message(`${subject} request`, description, inputSchemaOf(payload), example.payload),
        reply: message(`${subject} reply`, `Answers ${subject}.`, jsonSchemaOf(reply), example.reply),
      },
    };
    operations[`nats.${subject}`] = {
      action: 'receive',
      title: subject,
      summary: summaryOf(description),
      description: describedWithErrors(description, contract),
      tags: [{ name: 'services' }, { name: ownerOf(contract) }],
      channel: at('channels', subject),
      messages: [at('channels', subject, 'messages', 'request')],
      bindings: { nats: { queue: ownerOf(contract), bindingVersion: '0.1.0' } },
      reply: {
        address: { location: '$message.header#/reply' },
        channel: at('channels', subject),
        messages: [at('channels', subject, 'messages', 'reply')],
      },
    };
  }
  return { channels, operations };
}

/** The events of a chat, delivered to each gateway that follows its room. */
export function roomPart(): Part {
  const owners = Map.groupBy(roomEvents, ({ owner }) => owner);
  const channels = Object.fromEntries(
    [...owners].map(([owner, events]) => [
      `room.${owner}`,
      {
        address: `room.{chatId}.${owner}`,
        title: `Room events of ${owner}-service`,
        servers: [at('servers', 'nats')],
        description:
          'Told after COMMIT, once; what is durable has a number (`rev`) in the log of its chat, where whoever missed it reads it. Two lines: what it is, and its payload.',
        parameters: { chatId: { description: 'The chat.' } },
        messages: Object.fromEntries(
          events.map(({ event, description, payload, example }) => [
            event,
            message(event, description, jsonSchemaOf(payload), example),
          ]),
        ),
      },
    ]),
  );
  const operationOf = ({ owner, event, description }: RoomEventContract): [string, JsonSchema] => [
    `room.${event}`,
    {
      action: 'send',
      title: event,
      summary: summaryOf(description),
      description,
      tags: [{ name: 'services' }, { name: `${owner}-service` }],
      channel: at('channels', `room.${owner}`),
      messages: [at('channels', `room.${owner}`, 'messages', event)],
    },
  ];
  return { channels, operations: Object.fromEntries(roomEvents.map(operationOf)) };
}

export function signalPart(): Part {
  const signals = [chatHeads, messageHeads];
  return {
    channels: Object.fromEntries(
      signals.map(({ subject, description, payload, example }) => [
        subject,
        {
          address: subject,
          title: subject,
          description,
          servers: [at('servers', 'nats')],
          messages: { heads: message(subject, description, jsonSchemaOf(payload), example) },
        },
      ]),
    ),
    operations: Object.fromEntries(
      signals.map(({ subject, description }) => [
        `signal.${subject}`,
        {
          action: 'send',
          title: subject,
          summary: summaryOf(description),
          description,
          tags: [{ name: 'services' }],
          channel: at('channels', subject),
          messages: [at('channels', subject, 'messages', 'heads')],
        },
      ]),
    ),
  };
}
