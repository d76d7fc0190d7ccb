import { expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '@switchboard/shared/runtime';
import { Config } from '../src/config.ts';

const NATS_URL = 'nats://gateway:secret@127.0.0.1:4222';
const JWT_SECRET = 's'.repeat(32);
const JWT_JWKS_URL = 'https://id.example/keys';
const read = (environment: Record<string, string>) => readConfig(Config, { NATS_URL, ...environment });

it('needs nothing but NATS and a key', () => {
  expect(read({ JWT_SECRET })).toMatchObject({
    PORT: 3000,
    JWT_ID_CLAIM: 'sub',
    AUTH_QUERY_TOKEN: false,
    MAX_FILE_BYTES: 25 * 1024 * 1024,
  });
  expect(read({ JWT_JWKS_URL })).toMatchObject({ JWT_JWKS_URL });
});

it('counts the key in bytes', () => {
  expect(read({ JWT_SECRET: 'é'.repeat(16) }).JWT_SECRET).toBe('é'.repeat(16));
});

it.each<[string, Record<string, string>, string]>([
  ['without a key', {}, 'JWT_SECRET'],
  ['with an empty key', { JWT_SECRET: '' }, 'JWT_SECRET'],
  ['with two kinds of keys', { JWT_SECRET, JWT_JWKS_URL }, 'JWT_SECRET'],
  ['with a short key', { JWT_SECRET: 's'.repeat(31) }, 'JWT_SECRET: must be at least 32 bytes'],
  ['with keys from nowhere', { JWT_JWKS_URL: 'somewhere' }, 'JWT_JWKS_URL'],
  ['with a port that is none', { JWT_SECRET, PORT: '70000' }, 'PORT'],
  [
    'with NATS elsewhere',
    { JWT_SECRET, NATS_URL: 'http://127.0.0.1' },
    'NATS_URL: must begin with nats:// or tls://',
  ],
  ['with half a flag', { JWT_SECRET, AUTH_QUERY_TOKEN: 'yes' }, 'AUTH_QUERY_TOKEN: must be true or false'],
  ['with files of no size', { JWT_SECRET, MAX_FILE_BYTES: '0' }, 'MAX_FILE_BYTES'],
])('refuses to start %s, naming the variable', (_, environment, what) => {
  expect(() => read(environment)).toThrow(ConfigError);
  expect(() => read(environment)).toThrow(what);
});

it.each([
  'https://x.example/',
  'https://X.example',
  'x.example',
  'capacitor://',
  'file:///app',
  'app://x/y',
  '',
])('refuses %j as an origin', (ALLOWED_ORIGINS) => {
  expect(() => read({ JWT_SECRET, ALLOWED_ORIGINS: `https://x.example,${ALLOWED_ORIGINS}` })).toThrow(
    'is not an origin',
  );
});

it('never repeats a key that it refuses', () => {
  expect(() => read({ JWT_SECRET: 'short-and-secret' })).not.toThrow('short-and-secret');
});
