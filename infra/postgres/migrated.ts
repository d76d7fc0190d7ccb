import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { plainEnvironment } from '../local/command.ts';
import { databases, folderOf, type ServiceName } from '../local/names.ts';
import { root } from '../local/paths.ts';
import { createDatabase, type TestDatabase } from '../testing/index.ts';

/** A fresh database with the tables of these services, made as a deployment makes them. */
export async function createMigrated(services: readonly ServiceName[]): Promise<TestDatabase> {
  const database = await createDatabase();
  for (const name of services) {
    const { variable, migrator } = databases[name];
    await promisify(execFile)(process.execPath, [join(root, folderOf(name), 'src/migrate.ts')], { env: { ...plainEnvironment(), [variable]: database.url(migrator) } });
  }
  return database;
}
