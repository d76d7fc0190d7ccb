import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { PostgresUrl, readConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';
import { databaseOptions } from './store/database.ts';

// Run under the migrator's role, which owns the schema; the service's own role may only read and write rows.
const { PRESENCE_DATABASE_URL } = readConfig(z.object({ PRESENCE_DATABASE_URL: PostgresUrl }));
const options = databaseOptions(PRESENCE_DATABASE_URL);
const say = (line: string) => { process.stdout.write(`presence: ${line}\n`); };
const done = await migrate(createDataSource(options), options.schema, say);
say(done.length === 0 ? 'up to date' : done.join(', '));
