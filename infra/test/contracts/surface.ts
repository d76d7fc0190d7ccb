import {
  chatHeads,
  cloudEventOf,
  integrationEvents,
  messageHeads,
  requestContracts,
  roomEvents,
  socketRoomEvents,
  edgeEvents,
  errorDetails,
  type IntegrationEvent,
} from '@switchboard/shared/contracts';
import type { Direction, Surface, SurfaceEntry } from './compatibility.ts';
import { inputSchemaOf, jsonSchemaOf, type JsonSchema } from './json-schema.ts';
import { httpRequests, requestSchemaOf, socketRequests } from './operations.ts';

/** Everything that other teams and clients rely on, by its public name. */
export function surface(): Surface {
  return Object.fromEntries([...natsEntries(), ...socketEntries(), ...httpEntries(), ...eventEntries()]);
}

type Entry = [name: string, SurfaceEntry];
const entry = (name: string, direction: Direction, schema: JsonSchema): Entry => [
  name,
  { direction, schema },
];

const natsEntries = (): Entry[] =>
  requestContracts.flatMap(({ subject, payload, reply }) => [
    entry(`NATS ${subject} payload`, 'in', inputSchemaOf(payload)),
    entry(`NATS ${subject} reply`, 'out', jsonSchemaOf(reply)),
  ]);

const socketEntries = (): Entry[] =>
  socketRequests().flatMap((contract) =>
    contract.socket === undefined
      ? []
      : [
          entry(`Socket.IO ${contract.socket.event} payload`, 'in', requestSchemaOf(contract)),
          entry(`Socket.IO ${contract.socket.event} reply`, 'out', {
            type: 'object',
            required: ['event', 'data'],
            properties: {
              event: { const: contract.socket.reply },
              data: jsonSchemaOf(contract.socket.data ?? contract.reply),
            },
          }),
        ],
  );

const httpEntries = (): Entry[] =>
  httpRequests().flatMap(({ http, reply }) => [
    entry(`HTTP ${http.method.toUpperCase()} ${http.path} input`, 'in', inputSchemaOf(http.input)),
    entry(`HTTP ${http.method.toUpperCase()} ${http.path} answer`, 'out', {
      type: 'object',
      required: ['status', 'body'],
      properties: { status: { const: http.status ?? 200 }, body: jsonSchemaOf(reply) },
    }),
  ]);

function eventEntries(): Entry[] {
  const integration: readonly IntegrationEvent[] = Object.values(integrationEvents);
  return [
    ...roomEvents.map(({ owner, event, payload }) =>
      entry(`room event ${owner}.${event}`, 'out', jsonSchemaOf(payload)),
    ),
    ...socketRoomEvents.map(({ socketEvent, payload }) =>
      entry(`Socket.IO ${socketEvent}`, 'out', jsonSchemaOf(payload)),
    ),
    ...Object.values(edgeEvents).map(({ event, payload }) =>
      entry(`Socket.IO ${event}`, 'out', jsonSchemaOf(payload)),
    ),
    ...[chatHeads, messageHeads].map(({ subject, payload }) =>
      entry(`NATS ${subject}`, 'out', jsonSchemaOf(payload)),
    ),
    ...Object.entries(errorDetails).map(([code, { details }]) =>
      entry(`error ${code} details`, 'out', jsonSchemaOf(details)),
    ),
    ...integration.map((event) =>
      entry(`AMQP ${event.routingKey} v${String(event.version)}`, 'out', jsonSchemaOf(cloudEventOf(event))),
    ),
  ];
}
