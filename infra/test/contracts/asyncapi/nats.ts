import {
  chatHeads,
  messageHeads,
  requestContracts,
  roomEvents,
  type RequestContract,
  type RoomEventContract,
  type SignalContract,
} from '@switchboard/shared/contracts';
import { pascal, type Components } from '../components/index.ts';
import type { JsonSchema } from '../json-schema.ts';
import { ownerOf } from '../operations.ts';
import { at, describedWithErrors, message, operation, type Part } from './part.ts';

// https://www.asyncapi.com/docs/reference/specification/v3.1.0

const BINDING_VERSION = '0.1.0';
/** Every subscriber receives what has no queue group. */
const NO_QUEUE = { nats: { bindingVersion: BINDING_VERSION } };

/**
 * One subject per request. Shows the payload of one request: those of one tick share a message, and a reply
 * has two lines.
 */
export const natsPart = (components: Components): Part => ({
  channels: Object.fromEntries(
    requestContracts.map((contract) => [contract.subject, requestChannel(contract, components)]),
  ),
  operations: Object.fromEntries(
    requestContracts.map((contract) => [`nats.${contract.subject}`, requestOperation(contract)]),
  ),
});

function requestChannel(contract: RequestContract, components: Components): JsonSchema {
  const { subject, description, payload, reply, example, caller } = contract;
  const title = pascal(subject);
  return {
    address: subject,
    title: subject,
    servers: [at('servers', 'nats')],
    description: `One replica of ${ownerOf(contract)} replies. ${caller === 'service' ? 'The gateway or a service calls it on its own behalf.' : `The gateway calls it for a ${caller}.`}`,
    messages: {
      request: message(
        `${subject} request`,
        description,
        components.input(`${title}Request`, payload),
        example.payload,
      ),
      reply: message(
        `${subject} reply`,
        `The reply to ${subject}.`,
        components.output(`${title}Reply`, reply),
        example.reply,
      ),
    },
  };
}

const requestOperation = (contract: RequestContract): JsonSchema => ({
  ...operation({
    action: 'receive',
    title: contract.subject,
    description: describedWithErrors(contract.description, contract),
    tags: ['services', ownerOf(contract)],
    channel: contract.subject,
    message: 'request',
  }),
  bindings: { nats: { queue: ownerOf(contract), bindingVersion: BINDING_VERSION } },
  reply: {
    address: { location: '$message.header#/reply', description: 'The reply subject of the NATS message.' },
    channel: at('channels', contract.subject),
    messages: [at('channels', contract.subject, 'messages', 'reply')],
  },
});

/** The events of a chat, delivered to each gateway that follows its room. */
export const roomPart = (components: Components): Part => ({
  channels: Object.fromEntries(
    [...Map.groupBy(roomEvents, ({ owner }) => owner)].map(([owner, events]) => [
      `room.${owner}`,
      {
        address: `room.{chatId}.${owner}`,
        title: `Room events of ${owner}-service`,
        servers: [at('servers', 'nats')],
        description:
          'Published once, after COMMIT. A durable event has a number (`rev`) in the log of its chat, where a follower reads what it missed. A message has two lines: about the event, and its payload.',
        parameters: { chatId: { description: 'The chat.' } },
        messages: Object.fromEntries(
          events.map(({ event, description, payload, example }) => [
            event,
            message(event, description, components.output(`${pascal(event)}Event`, payload), example),
          ]),
        ),
      },
    ]),
  ),
  operations: Object.fromEntries(roomEvents.map((event) => [`room.${event.event}`, roomOperation(event)])),
});

const roomOperation = ({ owner, event, description }: RoomEventContract): JsonSchema => ({
  ...operation({
    action: 'send',
    title: event,
    description,
    tags: ['services', `${owner}-service`],
    channel: `room.${owner}`,
    message: event,
  }),
  bindings: NO_QUEUE,
});

export function signalPart(components: Components): Part {
  const signals: readonly SignalContract[] = [chatHeads, messageHeads];
  return {
    channels: Object.fromEntries(
      signals.map(({ subject, description, payload, example }) => [
        subject,
        {
          address: subject,
          title: subject,
          description,
          servers: [at('servers', 'nats')],
          messages: {
            heads: message(subject, description, components.output(pascal(subject), payload), example),
          },
        },
      ]),
    ),
    operations: Object.fromEntries(
      signals.map(({ subject, description }) => [
        `signal.${subject}`,
        {
          ...operation({
            action: 'send',
            title: subject,
            description,
            tags: ['services'],
            channel: subject,
            message: 'heads',
          }),
          bindings: NO_QUEUE,
        },
      ]),
    ),
  };
}
