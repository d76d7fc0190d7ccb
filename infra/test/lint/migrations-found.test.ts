import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { databases, folderOf, type ServiceName } from '../../dev/topology/names.ts';
import { root } from '../../dev/topology/paths.ts';
import { createDatabase } from '../helpers/index.ts';
import { runService } from '../helpers/service-programs.ts';

// A file in the folder of migrations is run; there is no list to forget it in.

const names: ServiceName[] = ['chat-service', 'message-service', 'presence-service', 'webhook-service'];

it.each(names)('%s runs every file of its folder of migrations', async (name) => {
  const { migrator, service } = databases[name];
  const files = globSync('src/store/migrations/*', { cwd: join(root, folderOf(name)) });
  const database = await createDatabase();
  try {
    expect(await runService(name, 'migrate', database.url(migrator))).toMatchObject({ code: 0 });
    const { rows } = await database.query<{ name: string }>(
      `SELECT name FROM ${service.replace('_service', '')}.migration`,
    );
    const numberOf = (text: string): string => /\d{13}/.exec(text)?.[0] ?? text;
    expect(rows.map((row) => numberOf(row.name)).toSorted()).toEqual(files.map(numberOf).toSorted());
  } finally {
    await database.drop();
  }
});
