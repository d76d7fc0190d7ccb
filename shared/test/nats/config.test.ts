import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { nkeys } from '@nats-io/transport-node';
import { mistakesOf, natsAccess, processConfig, readProcessConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';
import { programOnPath } from '../../../infra/dev/processes/on-path.ts';
import { secretFolder } from './access.ts';
import { makeAuthority } from './certificates.ts';
import { productionConf, withOperator } from './secure-nats.ts';

const Config = z.object(processConfig);
const NATS_URL = 'nats://h:1';
const seed = Buffer.from(nkeys.createUser().getSeed()).toString();
const { privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'prime256v1',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

const mistakes = (environment: NodeJS.ProcessEnv) =>
  mistakesOf(() => readProcessConfig({ Config }, { NATS_URL, ...environment }));
const accessOf = (environment: NodeJS.ProcessEnv) =>
  natsAccess(readProcessConfig({ Config }, { NATS_URL, ...environment }));

let secrets: Awaited<ReturnType<typeof secretFolder>>;
let creds: string;
beforeAll(async () => {
  secrets = await secretFolder();
  creds = await (await withOperator(await productionConf())).credentials('gateway');
});
afterAll(() => secrets.remove());

describe('the configuration of NATS', () => {
  it('is a value or a file, which is read again later', async () => {
    expect(accessOf({})).toEqual({ url: NATS_URL });
    expect(accessOf({ NATS_TOKEN: 't' }).token).toEqual({ text: 't' });
    const file = await secrets.write('token', 't2\n');
    expect(accessOf({ NATS_TOKEN_FILE: file }).token).toEqual({ text: 't2', file });
    expect(accessOf({ NATS_TOKEN: 't', NATS_TOKEN_FILE: file }).token).toEqual({ text: 't' });
    expect(accessOf({ NATS_CREDS: creds }).creds).toEqual({ text: creds });
    expect(accessOf({ NATS_NKEY_SEED: seed }).nkeySeed).toEqual({ text: seed });
  });

  it('lists everything that is wrong with its secrets at once, without one of them', () => {
    const found = mistakes({
      NATS_TOKEN: ' ',
      NATS_NKEY_SEED: 'SUgeheim',
      NATS_CREDS: '-----BEGIN NATS USER JWT-----\ngeheim\n',
      NATS_TLS_CA: 'geheim',
      NATS_TLS_CERT_FILE: '/nowhere/tls.crt',
      NATS_TLS_KEY: 'geheim',
      NATS_TLS_HANDSHAKE_FIRST: 'yes',
    });
    expect(found).toEqual([
      'NATS_TLS_CERT_FILE: /nowhere/tls.crt cannot be read (ENOENT)',
      'NATS_TOKEN: must not be blank',
      "NATS_NKEY_SEED: must be the seed of a user's nkey, which begins with SU",
      'NATS_CREDS: must hold the JWT and the seed of one user, as nsc writes them',
      'NATS_TLS_CA: must hold certificates in PEM',
      'NATS_TLS_KEY: must be a private key in PEM, without a passphrase',
      'NATS_TLS_HANDSHAKE_FIRST: must be true or false',
      'NATS_TOKEN: set only one of NATS_TOKEN, NATS_NKEY_SEED, NATS_CREDS',
    ]);
  });

  it.each<[NodeJS.ProcessEnv, string]>([
    [{ NATS_TOKEN: 't', NATS_NKEY_SEED: seed }, 'NATS_TOKEN: set only one of NATS_TOKEN, NATS_NKEY_SEED'],
    [
      { NATS_URL: 'nats://u:p@h', NATS_TOKEN: 't' },
      'NATS_TOKEN: set only one of a user in NATS_URL, NATS_TOKEN',
    ],
    [{ NATS_TLS_KEY: privateKey }, 'NATS_TLS_KEY: needs NATS_TLS_CERT too'],
    [{ NATS_NKEY_SEED: 'UABC' }, "NATS_NKEY_SEED: must be the seed of a user's nkey, which begins with SU"],
    [
      { NATS_NKEY_SEED: Buffer.from(nkeys.createAccount().getSeed()).toString() },
      "NATS_NKEY_SEED: must be the seed of a user's nkey, which begins with SU",
    ],
  ])('refuses %#: a contradiction', (environment, line) => {
    expect(mistakes(environment)).toEqual([line]);
  });

  it('refuses credentials whose seed is not that of the JWT', () => {
    expect(mistakes({ NATS_CREDS: creds.replace(/^SU.+$/m, seed) })).toEqual([
      'NATS_CREDS: must hold the JWT and the seed of one user, as nsc writes them',
    ]);
    expect(mistakes({ NATS_CREDS: creds.replaceAll('\n', '\r\n') })).toEqual([]);
  });

  (programOnPath('openssl') === undefined ? it.skip : it)(
    'refuses a certificate without its key or with another one',
    async () => {
      const authority = await makeAuthority();
      const { cert, key } = await authority.issue('DNS:gateway');
      const certificate = { NATS_TLS_CERT_FILE: cert };
      expect(mistakes(certificate)).toEqual(['NATS_TLS_CERT: needs NATS_TLS_KEY too']);
      expect(mistakes({ ...certificate, NATS_TLS_KEY: privateKey })).toEqual([
        'NATS_TLS_KEY: is not the key of NATS_TLS_CERT',
      ]);
      expect(mistakes({ ...certificate, NATS_TLS_KEY_FILE: key })).toEqual([]);
      expect(accessOf({ NATS_TLS_CA_FILE: authority.file }).tls).toMatchObject({
        ca: { text: (await readFile(authority.file, 'utf8')).trimEnd(), file: authority.file },
      });
      await authority.remove();
    },
  );
});
