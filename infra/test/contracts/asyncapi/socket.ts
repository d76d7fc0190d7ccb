import {
  edgeEvents,
  socketRoomEvents,
  type EdgeEventContract,
  type EdgeRequestContract,
  type RequestContract,
  type RoomEventContract,
  type SocketBinding,
} from '@switchboard/shared/contracts';
import { pascal, type Components } from '../components/index.ts';
import { addFailures } from '../failures.ts';
import type { JsonSchema } from '../json-schema.ts';
import { clientSchemaOf, socketRequests } from '../operations.ts';
import { at, describedWithErrors, message, operation, type Part } from './part.ts';

// https://www.asyncapi.com/docs/reference/specification/v3.1.0

const SOCKET = 'socket.io';
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

type SocketRequest = (RequestContract | EdgeRequestContract) & { readonly socket: SocketBinding<unknown> };
const hasSocket = (contract: RequestContract | EdgeRequestContract): contract is SocketRequest =>
  contract.socket !== undefined;

/** One connection carries everything; an event is a message. */
export function socketPart(components: Components): Part {
  const requests = socketRequests().filter(hasSocket);
  const events = [
    ...socketRoomEvents.map((contract) => ({ ...contract, event: contract.socketEvent })),
    ...Object.values(edgeEvents),
  ];
  return {
    channels: {
      [SOCKET]: {
        address: '/',
        title: 'Socket.IO',
        description:
          'The connection of a client, in the namespace `/`. The gateway handles events of one socket for one chat in the order in which the socket sent them.',
        servers: [at('servers', 'gateway')],
        messages: {
          ...Object.fromEntries(requests.flatMap((contract) => messagesOf(contract, components))),
          error: errorMessage(components),
          ...Object.fromEntries(events.map((event) => [event.event, eventMessage(event, components)])),
        },
      },
    },
    operations: Object.fromEntries([
      ...requests.map((contract) => [`socket.${contract.socket.event}`, requestOperation(contract)]),
      ...events.map((event) => [`socket.${event.event}`, eventOperation(event)]),
    ]),
  };
}

const replyName = ({ socket }: SocketRequest): string => `${socket.event}.reply`;

function messagesOf(contract: SocketRequest, components: Components): [name: string, JsonSchema][] {
  const { socket, description, reply, example } = contract;
  const title = pascal(socket.event);
  return [
    [
      socket.event,
      message(
        socket.event,
        description,
        components.input(`${title}Request`, clientSchemaOf(contract)),
        socket.form?.example ?? example.payload,
      ),
    ],
    [
      replyName(contract),
      message(
        socket.reply,
        `The reply to \`${socket.event}\`: to the acknowledgement callback as \`{event, data, traceId}\`, without one as an event of this name.`,
        components.add(`${title}Reply`, {
          type: 'object',
          required: ['event', 'data'],
          properties: {
            event: { type: 'string', const: socket.reply },
            data: components.output(`${title}ReplyData`, socket.data ?? reply),
            traceId: { type: 'string' },
          },
        }),
        { event: socket.reply, data: example.reply, traceId: TRACE_ID },
      ),
    ],
  ];
}

const requestOperation = (contract: SocketRequest): JsonSchema => ({
  ...operation({
    action: 'receive',
    title: contract.socket.event,
    description: describedWithErrors(contract.description, contract),
    tags: ['clients'],
    channel: SOCKET,
    message: contract.socket.event,
  }),
  reply: {
    channel: at('channels', SOCKET),
    messages: [replyName(contract), 'error'].map((name) => at('channels', SOCKET, 'messages', name)),
  },
});

const eventMessage = (
  { event, description, payload, example }: RoomEventContract | EdgeEventContract,
  components: Components,
): JsonSchema => message(event, description, components.output(`${pascal(event)}Event`, payload), example);

const eventOperation = ({ event, description }: RoomEventContract | EdgeEventContract): JsonSchema =>
  operation({
    action: 'send',
    title: event,
    description,
    tags: ['clients'],
    channel: SOCKET,
    message: event,
  });

function errorMessage(components: Components): JsonSchema {
  const byCode = addFailures(components, {
    name: 'Refusal',
    properties: {
      event: { type: 'string', const: 'error' },
      data: { type: 'string', description: 'A fixed sentence, safe to show.' },
    },
  });
  return message(
    'error',
    'A request was refused or failed. To the acknowledgement callback, or as the event `error` with the sentence and the rest.',
    components.add('Refusal', {
      description: '`code` tells what `details` hold.',
      oneOf: [...new Set(byCode.values())],
    }),
    {
      event: 'error',
      data: 'There is no such chat.',
      code: 'CHAT_NOT_FOUND',
      retryable: false,
      traceId: TRACE_ID,
    },
  );
}
