import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { plainEnvironment } from '../../../dev/processes/command.ts';
import { databases, folderOf, type ServiceName } from '../../../dev/topology/names.ts';
import { root } from '../../../dev/topology/paths.ts';
import { createDatabase, type TestDatabase } from '../../helpers/index.ts';

/** A new database with the tables of these services, created by their migrations as in a deployment. */
export async function createMigrated(services: readonly ServiceName[]): Promise<TestDatabase> {
  const database = await createDatabase();
  for (const name of services) {
    const { variable, migrator } = databases[name];
    await promisify(execFile)(process.execPath, [join(root, folderOf(name), 'src/migrate.ts')], {
      env: { ...plainEnvironment(), [variable]: database.url(migrator) },
    });
  }
  return database;
}
