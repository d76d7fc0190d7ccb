import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  Bytes,
  ConfigError,
  Flag,
  internalConfig,
  Key,
  Port,
  PostgresUrl,
  processConfig,
  readConfig,
} from '@switchboard/shared/runtime';
import { z } from 'zod';

const Config = z.object({
  ...processConfig,
  ...internalConfig,
  DATABASE_URL: PostgresUrl,
  DEBUG: Flag.default(false),
  MAX: Bytes.default(5),
});
const valid = { NATS_URL: 'nats://u:p@h:1', DATABASE_URL: 'postgres://u:p@h/d' };

function errorOf(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(Config, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('a configuration', () => {
  it('is read from the environment, with defaults for unset and empty variables', () => {
    expect(readConfig(Config, { ...valid, LOG_LEVEL: '', UNRELATED: 'x' })).toEqual({
      ...valid,
      LOG_LEVEL: 'info',
      INTERNAL_HOST: '127.0.0.1',
      INTERNAL_PORT: 0,
      DEBUG: false,
      MAX: 5,
    });
    expect(
      readConfig(Config, {
        ...valid,
        INTERNAL_PORT: '80',
        DEBUG: 'true',
        MAX: '9',
        SERVICE_INSTANCE: 'x-2',
      }),
    ).toMatchObject({ INTERNAL_PORT: 80, DEBUG: true, MAX: 9, SERVICE_INSTANCE: 'x-2' });
  });

  it('names every mistake at once, and where the variables are documented', () => {
    expect(
      errorOf({ NATS_URL: '', DATABASE_URL: 'mysql://x', INTERNAL_PORT: 'x', DEBUG: 'yes', MAX: 'much' }),
    ).toBe(
      [
        'The configuration is invalid:',
        '  NATS_URL: needed: nats://user:password@host:port',
        '  INTERNAL_PORT: must be a port number',
        '  DATABASE_URL: must begin with postgres://',
        '  DEBUG: must be true or false',
        '  MAX: must be a number of bytes',
        'See infra/docs/configuration.md.',
      ].join('\n'),
    );
  });

  it('shows no value: it may be a password', () => {
    expect(errorOf({ NATS_URL: 'http://u:secret@h', DATABASE_URL: 'x:secret' })).not.toContain('secret');
  });

  it('is read from the files of secrets, without their last line break', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'switchboard-config-'));
    try {
      const file = join(folder, 'url');
      await writeFile(file, 'postgres://from:file@h/d\n');
      expect(readConfig(Config, { NATS_URL: valid.NATS_URL, DATABASE_URL_FILE: file })).toMatchObject({
        DATABASE_URL: 'postgres://from:file@h/d',
      });
      expect(readConfig(Config, { ...valid, DATABASE_URL_FILE: file })).toMatchObject({
        DATABASE_URL: valid.DATABASE_URL,
      });
      expect(readConfig(Config, { ...valid, UNRELATED_FILE: '/nowhere' })).toMatchObject(valid);
      expect(errorOf({ NATS_URL: valid.NATS_URL, DATABASE_URL_FILE: join(folder, 'none') })).toContain(
        `DATABASE_URL_FILE: ${join(folder, 'none')} cannot be read (ENOENT)`,
      );
      await writeFile(file, 'secret');
      expect(errorOf({ NATS_URL: valid.NATS_URL, DATABASE_URL_FILE: file })).not.toContain('secret');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names other mistakes beside a file that cannot be read', () => {
    expect(errorOf({ NATS_URL_FILE: '/nowhere', DATABASE_URL: 'x', MAX: ' ' })).toBe(
      [
        'The configuration is invalid:',
        '  NATS_URL_FILE: /nowhere cannot be read (ENOENT)',
        '  DATABASE_URL: must begin with postgres://',
        '  MAX: must be a number of bytes',
        'See infra/docs/configuration.md.',
      ].join('\n'),
    );
  });

  it.each([
    ['nats://a:1,b:2', 'NATS_URL: must begin with nats:// or tls://'],
    ['nats://u:ge#heim@h', 'NATS_URL: is not a URL'],
    ['nats://', 'NATS_URL: is not a URL'],
  ])('refuses the servers %s', (url, line) => {
    expect(errorOf({ ...valid, NATS_URL: url })).toContain(line);
    expect(errorOf({ ...valid, NATS_URL: url })).not.toContain('heim');
  });

  it('accepts a list of NATS servers, and Postgres on a Unix socket', () => {
    const list = { NATS_URL: 'nats://u:p@a:1,nats://b:2', DATABASE_URL: 'postgres://u@/d?host=/run' };
    expect(readConfig(Config, list)).toMatchObject(list);
  });

  it('accepts a key of at least 32 bytes of UTF-8', () => {
    expect(
      [Key.safeParse('k'.repeat(31)), Key.safeParse('ß'.repeat(16))].map(({ success }) => success),
    ).toEqual([false, true]);
  });

  it('accepts ports from 0 to 65535', () => {
    expect(
      ['0', '3000', '65535', '65536', '-1', '1.5', 'x'].map((port) => Port.safeParse(port).success),
    ).toEqual([true, true, true, false, false, false, false]);
  });
});
