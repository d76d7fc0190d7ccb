import { z } from 'zod';
import { addressOf } from '../../addresses.ts';
import { ConfigError } from '../../config-error.ts';
import { createDataSource, migrate, reasonOf, type DatabaseOptions } from '../../postgres/index.ts';
import { PostgresUrl, readConfig } from '../config.ts';
import { endByConfig } from '../run.ts';

/**
 * Runs a service's migrations and prints what happened. `variable` holds the URL. Needs the migrator's role,
 * which owns the schema; the service's own role may only read and write rows, which is enough when there is
 * nothing to run. Ends the process with `EXIT_CONFIG` when the URL or its role is wrong; another failure is
 * one sentence on stderr, and exit code 1.
 */
export async function migrateMain(
  variable: string,
  optionsOf: (url: string) => DatabaseOptions,
): Promise<void> {
  const Config = z.object({ [variable]: PostgresUrl });
  try {
    await runMigrations(variable, optionsOf(String(readConfig(Config)[variable])));
  } catch (error) {
    if (error instanceof ConfigError) endByConfig('migrations', error);
    else {
      process.stderr.write(`${variable}: migrating failed: ${reasonOf(error)}\n${statementOf(error)}`);
      process.exitCode = 1;
    }
  }
}

async function runMigrations(variable: string, options: DatabaseOptions): Promise<void> {
  const { schema, url } = options;
  const done = await migrate(createDataSource(options), schema, (line) => {
    process.stdout.write(`${variable} (${addressOf(url)}): ${line}\n`);
  });
  process.stdout.write(`${schema}: ${done.length === 0 ? 'up to date' : done.join(', ')}\n`);
}

/** The statement that failed. Its values are left out: a migration has none of its own. */
const statementOf = (error: unknown): string =>
  error instanceof Error && 'query' in error && typeof error.query === 'string' ? `${error.query}\n` : '';
