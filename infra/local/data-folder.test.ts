import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LaunchError } from './command.ts';
import { lock } from './lock.ts';
import { isPlainSecret } from './passwords.ts';
import { keepPorts } from './ports.ts';
import { identify } from './process-identity.ts';
import { readOrMakeSecrets, readSecrets } from './secrets.ts';
import { givenJwtSecret } from './settings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-folder-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('secrets', () => {
  it('are made once, for the owner only, and each is its own', () => {
    const made = readOrMakeSecrets(folder);
    expect(readOrMakeSecrets(folder)).toEqual(made);
    expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
    const all = [made.jwtSecret, made.fileUrlSecret, made.webhookKey, ...Object.values(made.nats), ...Object.values(made.postgres)];
    expect(new Set(all).size).toBe(17);
    expect(all.every(isPlainSecret)).toBe(true);
  });

  it('are never replaced, not even when they cannot be read', () => {
    writeFileSync(join(folder, 'secrets.json'), '{"jwtSecret":');
    expect(() => readSecrets(folder)).toThrow(LaunchError);
    expect(readFileSync(join(folder, 'secrets.json'), 'utf8')).toBe('{"jwtSecret":');
  });

  it('of a folder that is older than webhook-service are added to, once', () => {
    const made = readOrMakeSecrets(folder);
    const without = (record: object) => Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith('webhook')));
    const older = { ...without(made), nats: without(made.nats), postgres: without(made.postgres) };
    writeFileSync(join(folder, 'secrets.json'), JSON.stringify(older));
    const added = readOrMakeSecrets(folder);
    expect(added).toMatchObject(older);
    expect([added.webhookKey, added.nats['webhook-service'], added.postgres.webhook_service].every(isPlainSecret)).toBe(true);
    expect(readOrMakeSecrets(folder)).toEqual(added);
  });

  it('given by hand must be long enough', () => {
    expect(() => givenJwtSecret({ JWT_SECRET: 'short' })).toThrow('32 bytes');
    expect(givenJwtSecret({ JWT_SECRET: '' })).toBeUndefined();
  });
});

describe('the lock of a data folder', () => {
  it('is refused while its holder lives, and names it', () => {
    const giveBack = lock(folder);
    expect(() => lock(folder)).toThrow(`pid ${String(process.pid)}`);
    giveBack();
    lock(folder)();
  });

  it.each([
    ['of a process that is gone', { pid: 4_194_999, started: '1' }],
    ['of an earlier process with the same pid', { ...identify(process.pid), started: '1' }],
  ])('is taken over when it is one %s', (_, holder) => {
    writeFileSync(join(folder, 'launcher.lock'), JSON.stringify(holder));
    lock(folder)();
  });
});

it('keeps a port for as long as nobody else takes it', async () => {
  const first = await keepPorts(folder, ['nats', 'postgres']);
  expect(await keepPorts(folder, ['nats', 'postgres'])).toEqual(first);
});

it('keeps no port that is wanted for a gateway', async () => {
  const first = await keepPorts(folder, ['nats']);
  const wanted = first.get('nats') ?? 0;
  expect((await keepPorts(folder, ['nats'], [wanted])).get('nats')).not.toBe(wanted);
});
