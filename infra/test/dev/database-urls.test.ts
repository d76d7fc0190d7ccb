import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createDatabase, freePort, waitFor, type TestDatabase } from '@switchboard/infra/test';
import { plainEnvironment } from '../../dev/processes/command.ts';
import { databases, folderOf, programNames, isService } from '../../dev/topology/names.ts';
import { root } from '../../dev/topology/paths.ts';

// The migrations are the first to use a database's URL.

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const services = programNames.filter(isService);

function migrate(service: (typeof services)[number], url: string) {
  const child = spawn(process.execPath, [join(root, folderOf(service), 'src/migrate.ts')], {
    env: { ...plainEnvironment(), [databases[service].variable]: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { output: () => output, ended, kill: () => child.kill('SIGKILL') };
}

describe.each(services)('the migrations of %s', (service) => {
  const { variable, migrator } = databases[service];

  it('end with the variable, the address and the cause when Postgres refuses the password', async () => {
    const url = new URL(database.url(migrator));
    url.password = 'geheim';
    const { output, ended } = migrate(service, url.href);
    expect(await ended).toBe(78);
    expect(output()).toContain(
      `  ${variable} (${url.host}${url.pathname}): Postgres refuses the connection: password authentication failed for user "${migrator}" (28P01)\n`,
    );
    expect(output()).not.toMatch(/geheim|\n {4}at /);
  });
});

it('a URL that cannot be parsed is named, without its password', async () => {
  const { output, ended } = migrate('chat-service', 'postgres://user:ge#heim@host/db');
  expect(await ended).toBe(78);
  expect(output()).toContain('  CHAT_DATABASE_URL: is not a URL');
  expect(output()).not.toMatch(/heim|\n {4}at /);
});

it('a database that is away is named in each line, with the cause and since when', async () => {
  const port = await freePort();
  const { output, ended, kill } = migrate(
    'presence-service',
    `postgres://user:geheim@127.0.0.1:${String(port)}/db`,
  );
  await waitFor(() => output().includes('\n'), { what: 'a line' });
  kill();
  await ended;
  expect(output()).toMatch(
    /^PRESENCE_DATABASE_URL \(127\.0\.0\.1:\d+\/db\): Postgres is unavailable or full: connect ECONNREFUSED [\d.:]+; waiting since \S+Z, trying again in 2 s\n/m,
  );
  expect(output()).not.toContain('geheim');
});
