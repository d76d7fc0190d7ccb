import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { Database } from './failures.ts';

/** Postgres knows a prepared statement by its name, on every connection of this process. */
const texts = new Map<string, string>();

/**
 * For what is asked again and again: each statement is parsed and planned once per connection, which TypeORM cannot do. Its text begins
 * with its name as a comment, by which traces and pg_stat_activity know it as well: what differs from one time to the next
 * is a parameter, not another text. A statement is its own transaction, committed once its rows are there.
 */
export const prepared = (dataSource: DataSource): Database => ({
  query: async <Row>(text: string, values: unknown[] = []): Promise<Row[]> => {
    const pool = poolOf(dataSource);
    if (pool === undefined) throw new Error('the database is not open');
    const { rows } = await pool.query<Row & pg.QueryResultRow>({ name: nameOf(text), text, values });
    return rows;
  },
});

/** TypeORM keeps it as `driver.master`, typed as anything. */
export const poolOf = ({ driver }: DataSource): pg.Pool | undefined => ('master' in driver && driver.master instanceof pg.Pool ? driver.master : undefined);

/** Whether Postgres itself said that a statement failed, and so undid it. */
export const isRefusal = (error: unknown): boolean => error instanceof pg.DatabaseError;

function nameOf(text: string): string {
  const name = /^\/\* (\S+) \*\//.exec(text)?.[1];
  if (name === undefined) throw new Error(`a statement without a name: ${text.slice(0, 80)}`);
  if ((texts.get(name) ?? text) !== text) throw new Error(`two statements are called ${name}`);
  texts.set(name, text);
  return name;
}
