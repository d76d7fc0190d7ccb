import { requestContracts, roomEvents } from '@switchboard/shared/contracts';
import type { JsonSchema } from '../json-schema.ts';
import { ownerOf } from '../operations.ts';

const AUDIENCES: Readonly<Record<string, string>> = {
  clients: 'The Socket.IO API, for client apps.',
  services: 'Requests and events between the gateway and the services, over NATS.',
  'other systems': 'Integration events, over RabbitMQ.',
};

const keyOf = (name: string): string => name.replaceAll(' ', '-');

export const tag = (name: string): JsonSchema => ({ $ref: `#/components/tags/${keyOf(name)}` });

export function tags(): Record<string, JsonSchema> {
  const owners = new Set([
    ...requestContracts.map(ownerOf),
    ...roomEvents.map(({ owner }) => `${owner}-service`),
  ]);
  return Object.fromEntries(
    [
      ...Object.entries(AUDIENCES),
      ...[...owners].sort().map((name): [string, string] => [name, `What ${name} owns.`]),
    ].map(([name, description]) => [keyOf(name), { name, description }]),
  );
}
