import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LaunchError } from '../../dev/processes/command.ts';
import { lock } from '../../dev/processes/lock.ts';
import { isPlainSecret } from '../../dev/passwords.ts';
import { keepPorts } from '../../dev/topology/ports.ts';
import { identify } from '../../dev/processes/process-identity.ts';
import { readOrMakeSecrets, readSecrets } from '../../dev/secrets.ts';
import { givenJwtSecret } from '../../dev/settings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-folder-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('secrets', () => {
  it('are created once, readable by the owner only, all different', () => {
    const made = readOrMakeSecrets(folder);
    expect(readOrMakeSecrets(folder)).toEqual(made);
    expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
    const all = [
      made.jwtSecret,
      made.fileUrlSecret,
      made.webhookKey,
      ...Object.values(made.nats),
      ...Object.values(made.postgres),
    ];
    expect(new Set(all).size).toBe(17);
    expect(all.every(isPlainSecret)).toBe(true);
  });

  it('are never replaced, even when the file is damaged', () => {
    writeFileSync(join(folder, 'secrets.json'), '{"jwtSecret":');
    expect(() => readSecrets(folder)).toThrow(LaunchError);
    expect(readFileSync(join(folder, 'secrets.json'), 'utf8')).toBe('{"jwtSecret":');
  });

  it('add those of webhook-service once, in an older folder', () => {
    const made = readOrMakeSecrets(folder);
    const without = (record: object) =>
      Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith('webhook')));
    const older = { ...without(made), nats: without(made.nats), postgres: without(made.postgres) };
    writeFileSync(join(folder, 'secrets.json'), JSON.stringify(older));
    const added = readOrMakeSecrets(folder);
    expect(added).toMatchObject(older);
    expect(
      [added.webhookKey, added.nats['webhook-service'], added.postgres.webhook_service].every(isPlainSecret),
    ).toBe(true);
    expect(readOrMakeSecrets(folder)).toEqual(added);
  });

  it('of the environment must be long enough', () => {
    expect(() => givenJwtSecret({ JWT_SECRET: 'short' })).toThrow('32 bytes');
    expect(givenJwtSecret({ JWT_SECRET: '' })).toBeUndefined();
  });
});

describe('the lock of a data folder', () => {
  it('is refused while its holder runs, and names the holder', () => {
    const unlock = lock(folder);
    expect(() => lock(folder)).toThrow(`pid ${String(process.pid)}`);
    unlock();
    lock(folder)();
  });

  it.each([
    ['of a process that has ended', { pid: 4_194_999, started: '1' }],
    ['of an earlier process with the same pid', { ...identify(process.pid), started: '1' }],
  ])('is acquired when it is the lock %s', (_, holder) => {
    writeFileSync(join(folder, 'launcher.lock'), JSON.stringify(holder));
    lock(folder)();
  });
});

it('keeps a port while it is free', async () => {
  const first = await keepPorts(folder, ['nats', 'postgres']);
  expect(await keepPorts(folder, ['nats', 'postgres'])).toEqual(first);
});

it('does not keep a port that a gateway needs', async () => {
  const first = await keepPorts(folder, ['nats']);
  const wanted = first.get('nats') ?? 0;
  expect((await keepPorts(folder, ['nats'], [wanted])).get('nats')).not.toBe(wanted);
});
