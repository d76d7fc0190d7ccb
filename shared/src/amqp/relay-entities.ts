import { EntitySchema } from 'typeorm';

/** How far the log has left for RabbitMQ: one row, once a relay has run. */
const relayCursorEntity = (schema: string) =>
  new EntitySchema<Record<string, unknown>>({
    name: 'relay_cursor',
    tableName: 'relay_cursor',
    schema,
    columns: {
      id: { type: 'integer', primary: true, primaryKeyConstraintName: 'relay_cursor_pkey' },
      xact: { type: 'bigint' },
      position: { type: 'bigint' },
    },
  });

/** Kinds of entries that no queue takes, and after which entry that began; from there on they wait in the log. */
const relayUnroutedEntity = (schema: string) =>
  new EntitySchema<Record<string, unknown>>({
    name: 'relay_unrouted',
    tableName: 'relay_unrouted',
    schema,
    columns: {
      event: { type: 'text', primary: true, primaryKeyConstraintName: 'relay_unrouted_pkey' },
      xact: { type: 'bigint' },
      position: { type: 'bigint' },
      since: { type: 'timestamptz', default: () => 'now()' },
    },
  });

/** The tables of a relay, for a service's list of entities. Migrations spell them out. */
export const relayEntities = (schema: string) => [relayCursorEntity(schema), relayUnroutedEntity(schema)];
