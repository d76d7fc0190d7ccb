import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { Database } from './failures.ts';
import { poolOf } from './internals/typeorm.ts';

/** Each statement's name and text: Postgres identifies a prepared statement by name. */
const texts = new Map<string, string>();

/**
 * Prepared statements, which TypeORM does not offer: Postgres parses and plans each once per connection.
 * The text begins with the name as a comment, which traces and pg_stat_activity show. The text is constant;
 * values are parameters. Each statement is its own transaction, committed before its rows return.
 */
export const prepared = (dataSource: DataSource): Database => ({
  query: async <Row>(text: string, values: unknown[] = []): Promise<Row[]> => {
    const pool = poolOf(dataSource);
    if (pool === undefined) throw new Error('postgres: the database is not open');
    const { rows } = await pool.query<Row & pg.QueryResultRow>({ name: nameOf(text), text, values });
    return rows;
  },
});

/** Whether Postgres itself reported that a statement failed, and so rolled it back. */
export const isDatabaseError = (error: unknown): boolean => error instanceof pg.DatabaseError;

function nameOf(text: string): string {
  const name = /^\/\* (\S+) \*\//.exec(text)?.[1];
  if (name === undefined) throw new Error(`postgres: a statement has no name: ${text.slice(0, 80)}`);
  if ((texts.get(name) ?? text) !== text) throw new Error(`postgres: two statements have the name ${name}`);
  texts.set(name, text);
  return name;
}
