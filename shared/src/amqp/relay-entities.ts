import { EntitySchema } from 'typeorm';

/** The relay's cursor: one row, once a relay has run. */
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

/** Event kinds without a bound queue, and the position after which their entries wait in the log. */
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

/** The relay's tables, for a service's list of entities; migrations create them. */
export const relayEntities = (schema: string) => [relayCursorEntity(schema), relayUnroutedEntity(schema)];
