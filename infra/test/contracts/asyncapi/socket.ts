import { edgeEvents, socketRoomEvents } from '@switchboard/shared/contracts';
import { jsonSchemaOf, type JsonSchema } from '../json-schema.ts';
import { requestSchemaOf, socketRequests, summaryOf } from '../operations.ts';
import { at, describedWithErrors, message, type Part } from './part.ts';

// https://www.asyncapi.com/docs/reference/specification/v3.0.0

const SOCKET = 'socket.io';

/** One connection carries everything; an event is a message. */
export function socketPart(): Part {
  const messages: Record<string, JsonSchema> = {};
  const operations: Record<string, JsonSchema> = {};
  for (const contract of socketRequests()) {
    const { socket, description, reply, example } = contract;
    if (socket === undefined) continue;
    const ack = `${socket.event}.reply`;
    messages[socket.event] = message(
      socket.event,
      description,
      requestSchemaOf(contract),
      socket.form?.example ?? example.payload,
    );
    messages[ack] = message(
      socket.reply,
      `Answers \`${socket.event}\`: to the acknowledgement callback as \`{event, data, traceId}\`, without one as an event of this name.`,
      envelopeOf(socket.reply, jsonSchemaOf(socket.data ?? reply)),
      { event: socket.reply, data: example.reply, traceId: '4bf92f3577b34da6a3ce929d0e0e4736' },
    );
    operations[`socket.${socket.event}`] = {
      action: 'receive',
      title: socket.event,
      summary: summaryOf(description),
      description: describedWithErrors(description, contract),
      tags: [{ name: 'clients' }],
      channel: at('channels', SOCKET),
      messages: [at('channels', SOCKET, 'messages', socket.event)],
      reply: {
        channel: at('channels', SOCKET),
        messages: [at('channels', SOCKET, 'messages', ack), at('channels', SOCKET, 'messages', 'error')],
      },
    };
  }
  messages['error'] = message(
    'error',
    'Why something was refused, or failed. To the acknowledgement callback, or as the event `error` with the sentence and the rest.',
    ERROR,
    {
      event: 'error',
      data: 'There is no such chat.',
      code: 'CHAT_NOT_FOUND',
      retryable: false,
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    },
  );
  for (const { event, description, payload, example } of [
    ...socketRoomEvents.map((contract) => ({ ...contract, event: contract.socketEvent })),
    ...Object.values(edgeEvents),
  ]) {
    messages[event] = message(event, description, jsonSchemaOf(payload), example);
    operations[`socket.${event}`] = {
      action: 'send',
      title: event,
      summary: summaryOf(description),
      description,
      tags: [{ name: 'clients' }],
      channel: at('channels', SOCKET),
      messages: [at('channels', SOCKET, 'messages', event)],
    };
  }
  return {
    channels: {
      [SOCKET]: {
        address: '/socket.io/',
        title: 'Socket.IO',
        description:
          'The connection of a client. What one socket asks of one chat is done in the order in which it asked.',
        servers: [at('servers', 'gateway')],
        messages,
      },
    },
    operations,
  };
}

const envelopeOf = (event: string, data: JsonSchema): JsonSchema => ({
  type: 'object',
  required: ['event', 'data'],
  properties: { event: { const: event }, data, traceId: { type: 'string' } },
});

const ERROR: JsonSchema = {
  type: 'object',
  required: ['event', 'data', 'code', 'retryable'],
  properties: {
    event: { const: 'error' },
    data: { type: 'string', description: 'A fixed sentence, safe to show.' },
    code: { type: 'string' },
    retryable: { type: 'boolean' },
    traceId: { type: 'string' },
    details: {
      type: 'object',
      description: '`issues`: the fields that are wrong. `retryAfterMs`: when to come back.',
    },
  },
};
