import pg from 'pg';
import type { DataSource } from 'typeorm';

/** A statement that each connection parses and plans once. `name` is its own among all that use the pool. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs a statement by itself: it is its own transaction, and committed once this resolves. TypeORM prepares none. */
export async function runPrepared<Row extends pg.QueryResultRow>(database: DataSource, { name, text }: Statement, values: unknown[]): Promise<Row[]> {
  const pool = poolOf(database);
  if (pool === undefined) throw new Error('the database is not open');
  const { rows } = await pool.query<Row>({ name, text, values });
  return rows;
}

/** TypeORM keeps it as `driver.master`, typed as anything. */
export const poolOf = ({ driver }: DataSource): pg.Pool | undefined => ('master' in driver && driver.master instanceof pg.Pool ? driver.master : undefined);

/** Whether Postgres itself said that a statement failed, and so undid it. */
export const isRefusal = (error: unknown): boolean => error instanceof pg.DatabaseError;
