import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startSystem, waitFor, type TestSystem } from '@switchboard/infra/test';
import { isRecord } from '../../dev/json.ts';
import { startProgram } from '../../dev/topology/paths.ts';
import { identify, isAlive } from '../../dev/processes/process-identity.ts';
import { databaseUrl, untilAccepting, withClient } from '../../dev/processes/postgres-setup.ts';
import { isReady } from '../../dev/processes/readiness.ts';
import { readSecrets } from '../../dev/secrets.ts';

const run = promisify(execFile);
const env = { SWITCHBOARD_PROGRAMS: fileURLToPath(new URL('./fixtures/programs', import.meta.url)) };

describe('the launcher', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startSystem({
      replicas: 'gateway=2',
      env: { ...env, S3_BUCKET: 'files', JWT_ISSUER: 'me' },
    });
  });
  afterAll(() => system.stop());

  const pidOf = async (name: string): Promise<number | undefined> =>
    (await system.processes()).find((one) => one.name === name)?.pid;

  const adminUrl = async (): Promise<string> => {
    // A restarted Postgres may end once more while sessions of the killed one are still ending.
    const url = await waitFor(
      async () => (await system.processes()).find(({ name }) => name === 'postgres')?.url,
      { what: 'a Postgres' },
    );
    const { port } = new URL(url);
    const admin = databaseUrl(
      'postgres',
      readSecrets(system.dataDir)?.postgres.postgres ?? '',
      Number(port),
      'switchboard',
    );
    await untilAccepting(admin, () => undefined);
    return admin;
  };

  const environmentOf = async (name: string): Promise<Record<string, unknown>> => {
    const url = (await system.processes()).find((one) => one.name === name)?.url ?? '';
    const body: unknown = await (await fetch(`${url}/environment`)).json();
    return isRecord(body) ? body : {};
  };

  it('lists its processes in processes.json, without secrets', async () => {
    const names = (await system.processes()).map(({ name }) => name).sort();
    expect(names).toEqual([
      'chat-service',
      'gateway',
      'gateway-2',
      'message-service',
      'nats',
      'postgres',
      'presence-service',
    ]);
    expect(JSON.stringify(await system.processes())).not.toContain('@');
  });

  it('passes to each program only its own secrets', async () => {
    const [gateway, messages, chat] = await Promise.all(
      ['gateway-2', 'message-service', 'chat-service'].map(environmentOf),
    );
    expect(gateway).toMatchObject({
      PORT: new URL(system.urls[1] ?? '').port,
      JWT_SECRET: system.jwtSecret,
      JWT_ISSUER: 'me',
    });
    expect(gateway).not.toHaveProperty('FILE_URL_SECRET');
    expect(messages).toMatchObject({ S3_BUCKET: 'files', SERVICE_INSTANCE: 'message-service' });
    expect(messages).not.toHaveProperty('JWT_SECRET');
    expect(chat).toHaveProperty('CHAT_DATABASE_URL');
    for (const other of ['MESSAGE_DATABASE_URL', 'JWT_SECRET', 'S3_BUCKET', 'FILE_URL_SECRET'])
      expect(chat).not.toHaveProperty(other);
  });

  it.each(['chat-service', 'gateway', 'nats', 'postgres'])(
    'restarts %s within a second after kill -9',
    async (name) => {
      const before = await pidOf(name);
      await system.kill(name);
      await waitFor(async () => ![undefined, before].includes(await pidOf(name)), {
        what: `another ${name}`,
        timeoutMs: 1_000,
      });
      expect(readFileSync(system.log, 'utf8')).toContain(`${name} died (SIGKILL)`);
    },
  );

  it('runs a Postgres whose COMMIT waits for the disk', async () => {
    const { rows } = await withClient(await adminUrl(), (client) =>
      client.query(
        `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name`,
      ),
    );
    expect(rows).toEqual(
      ['fsync', 'full_page_writes', 'synchronous_commit'].map((name) => ({ name, setting: 'on' })),
    );
  });

  it('loses no committed row when Postgres is killed', async () => {
    const admin = await adminUrl();
    await withClient(admin, (client) => client.query('INSERT INTO chat.probe VALUES (42)'));
    await system.kill('postgres');
    await untilAccepting(admin, () => undefined);
    const found = await withClient(admin, (client) => client.query('SELECT id FROM chat.probe'));
    expect(found.rows).toEqual([{ id: 42 }]);
  });

  it('names the port that is in use before it starts anything', async () => {
    const dataDir = join(system.dataDir, 'other');
    const other = run(process.execPath, [startProgram], {
      env: { ...env, DATA_DIR: dataDir, PORT: new URL(system.url).port },
    });
    await expect(other).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('is in use') });
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
  });

  it('refuses a second launcher on its folder', async () => {
    const second = run(process.execPath, [startProgram], { env: { ...env, DATA_DIR: system.dataDir } });
    await expect(second).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`pid ${String(system.pid)}`),
    });
    expect(await isReady(system.url)).toBe(true);
  });
});

describe('a launcher that is killed', () => {
  it('leaves no process behind', async () => {
    const system = await startSystem({ env });
    const all = (await system.processes()).map(({ pid }) => identify(pid));
    process.kill(system.pid, 'SIGKILL');
    await waitFor(() => !all.some(isAlive), { what: 'all processes to end', timeoutMs: 10_000 });
    await system.stop();
    expect(existsSync(system.dataDir)).toBe(false);
  });
});

it('starts only one service and the servers it needs', async () => {
  const system = await startSystem({
    only: 'presence-service',
    env: { ...env, NATS_URL: 'nats://127.0.0.1:1' },
  });
  expect((await system.processes()).map(({ name }) => name).sort()).toEqual(['postgres', 'presence-service']);
  await system.stop();
});

it('runs the trace page beside the others, and prints its URL', async () => {
  const system = await startSystem({
    only: 'gateway',
    traces: true,
    env: { ...env, NATS_URL: 'nats://127.0.0.1:1' },
  });
  const all = await system.processes();
  const url = all.find(({ name }) => name === 'traces')?.url ?? '';
  await waitFor(
    () => readFileSync(system.log, 'utf8').includes(`Traces: ${url.replace('127.0.0.1', 'localhost')}\n`),
    { what: 'the banner' },
  );
  const page = await (await fetch(url)).text();
  const environment: unknown = await (await fetch(`${system.url}/environment`)).json();
  await system.stop();
  expect(all.map(({ name }) => name)).toEqual(['traces', 'gateway']);
  expect(page).toContain('No trace yet');
  expect(environment).toMatchObject({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces`,
    OTEL_TRACES_SAMPLER_ARG: '1',
  });
});
