import { chatHeads, cloudEventOf, integrationEvents, messageHeads, requestContracts, roomEvents, tokenExpiring, type IntegrationEvent } from '@switchboard/shared/contracts';
import type { Direction, Surface, SurfaceEntry } from './compatibility.ts';
import { jsonSchemaOf, type JsonSchema } from './json-schema.ts';
import { askedSchemaOf, socketRequests } from './operations.ts';

/** All that other teams and clients rely on, by the name they know it by. */
export function surface(): Surface {
  return Object.fromEntries([...natsEntries(), ...socketEntries(), ...httpEntries(), ...eventEntries()]);
}

type Entry = [name: string, SurfaceEntry];
const entry = (name: string, direction: Direction, schema: JsonSchema): Entry => [name, { direction, schema }];

const natsEntries = (): Entry[] => requestContracts.flatMap(({ subject, payload, reply }) => [
  entry(`NATS ${subject} payload`, 'in', jsonSchemaOf(payload)),
  entry(`NATS ${subject} reply`, 'out', jsonSchemaOf(reply)),
]);

const socketEntries = (): Entry[] => socketRequests().flatMap((contract) => (contract.socket === undefined ? [] : [
  entry(`Socket.IO ${contract.socket.event} payload`, 'in', askedSchemaOf(contract)),
  entry(`Socket.IO ${contract.socket.event} reply`, 'out', { type: 'object', required: ['event', 'data'], properties: { event: { const: contract.socket.reply }, data: jsonSchemaOf(contract.reply) } }),
]));

const httpEntries = (): Entry[] => requestContracts.flatMap(({ http, reply }) => (http === undefined ? [] : [
  entry(`HTTP ${http.method.toUpperCase()} ${http.path} input`, 'in', jsonSchemaOf(http.input)),
  entry(`HTTP ${http.method.toUpperCase()} ${http.path} answer`, 'out', { type: 'object', required: ['status', 'body'], properties: { status: { const: http.status ?? 200 }, body: jsonSchemaOf(reply) } }),
]));

function eventEntries(): Entry[] {
  const integration: readonly IntegrationEvent[] = Object.values(integrationEvents);
  return [
    ...roomEvents.map(({ owner, event, payload }) => entry(`room event ${owner}.${event}`, 'out', jsonSchemaOf(payload))),
    ...roomEvents.filter(({ socket }) => socket).map(({ event, payload }) => entry(`Socket.IO ${event}`, 'out', jsonSchemaOf(payload))),
    entry(`Socket.IO ${tokenExpiring.event}`, 'out', jsonSchemaOf(tokenExpiring.payload)),
    ...[chatHeads, messageHeads].map(({ subject, payload }) => entry(`NATS ${subject}`, 'out', jsonSchemaOf(payload))),
    ...integration.map((event) => entry(`AMQP ${event.routingKey} v${String(event.version)}`, 'out', jsonSchemaOf(cloudEventOf(event)))),
  ];
}
