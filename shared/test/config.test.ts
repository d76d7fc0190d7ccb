import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Bytes, ConfigError, Flag, internalConfig, Key, Port, PostgresUrl, processConfig, readConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';

const Config = z.object({ ...processConfig, ...internalConfig, DATABASE_URL: PostgresUrl, DEBUG: Flag.default(false), MAX: Bytes.default(5) });
const usable = { NATS_URL: 'nats://u:p@h:1', DATABASE_URL: 'postgres://u:p@h/d' };

function complaintOf(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(Config, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a configuration', () => {
  it('is read from the environment, with defaults for what is not set or empty', () => {
    expect(readConfig(Config, { ...usable, LOG_LEVEL: '', UNRELATED: 'x' })).toEqual({ ...usable, LOG_LEVEL: 'info', INTERNAL_HOST: '127.0.0.1', INTERNAL_PORT: 0, DEBUG: false, MAX: 5 });
    expect(readConfig(Config, { ...usable, INTERNAL_PORT: '80', DEBUG: 'true', MAX: '9', SERVICE_INSTANCE: 'x-2' })).toMatchObject({ INTERNAL_PORT: 80, DEBUG: true, MAX: 9, SERVICE_INSTANCE: 'x-2' });
  });

  it('names every mistake at once, and where to read on', () => {
    expect(complaintOf({ NATS_URL: '', DATABASE_URL: 'mysql://x', INTERNAL_PORT: 'x', DEBUG: 'yes', MAX: 'much' })).toBe([
      'The configuration is not usable:',
      '  NATS_URL: needed: nats://user:password@host:port',
      '  INTERNAL_PORT: must be a port number',
      '  DATABASE_URL: must begin with postgres://',
      '  DEBUG: must be true or false',
      '  MAX: must be a number of bytes',
      'See "Configuration" in README.md.',
    ].join('\n'));
  });

  it('does not show what was set: it may be a password', () => {
    expect(complaintOf({ NATS_URL: 'http://u:secret@h', DATABASE_URL: 'x:secret' })).not.toContain('secret');
  });

  it('is read from files that hold a secret, without the line break that editors leave', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'switchboard-config-'));
    try {
      const file = join(folder, 'url');
      await writeFile(file, 'postgres://from:file@h/d\n');
      expect(readConfig(Config, { NATS_URL: usable.NATS_URL, DATABASE_URL_FILE: file })).toMatchObject({ DATABASE_URL: 'postgres://from:file@h/d' });
      expect(readConfig(Config, { ...usable, DATABASE_URL_FILE: file })).toMatchObject({ DATABASE_URL: usable.DATABASE_URL });
      expect(readConfig(Config, { ...usable, UNRELATED_FILE: '/nowhere' })).toMatchObject(usable);
      expect(complaintOf({ NATS_URL: usable.NATS_URL, DATABASE_URL_FILE: join(folder, 'none') })).toContain(`DATABASE_URL_FILE: ${join(folder, 'none')} cannot be read (ENOENT)`);
      await writeFile(file, 'secret');
      expect(complaintOf({ NATS_URL: usable.NATS_URL, DATABASE_URL_FILE: file })).not.toContain('secret');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('takes a key of 32 bytes at least, whatever its letters', () => {
    expect([Key.safeParse('k'.repeat(31)), Key.safeParse('ß'.repeat(16))].map(({ success }) => success)).toEqual([false, true]);
  });

  it('knows what is a port', () => {
    expect(['0', '3000', '65535', '65536', '-1', '1.5', 'x'].map((port) => Port.safeParse(port).success)).toEqual([true, true, true, false, false, false, false]);
  });
});
