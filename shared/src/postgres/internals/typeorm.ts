import pg from 'pg';
import type { DataSource } from 'typeorm';

// Parts of TypeORM that its documentation does not promise: where the driver keeps its pool, when it reads
// its options, and how it names migrations. `shared/test/internals.test.ts` fails when another version is
// installed, or when one of these parts changes.

export const TYPEORM_VERSION = '1.1';

/** The pool of an initialized DataSource. Relies on `driver.master`, typed `any`, and on one copy of pg. */
export const poolOf = ({ driver }: DataSource): pg.Pool | undefined =>
  'master' in driver && driver.master instanceof pg.Pool ? driver.master : undefined;

/** Replaces the pool's settings. Relies on the driver reading `extra` only when it is initialized. */
export function replacePoolSettings(dataSource: DataSource, extra: Readonly<Record<string, unknown>>): void {
  dataSource.setOptions({ extra });
}

/** The names of this version's migrations, as the table `migration` stores them. */
export const migrationNames = (dataSource: DataSource): string[] =>
  dataSource.migrations.map(({ name, constructor }) => name ?? constructor.name);

/** The URL of the database. */
export function urlOf({ options }: DataSource): string {
  if (options.type !== 'postgres' || options.url === undefined) throw new Error('postgres: there is no URL');
  return options.url;
}
