import { afterAll, beforeAll, describe, expect, it as test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:tls';
import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';
import { startNats, type TestNats } from '@switchboard/infra/test';
import { programOnPath } from '../../../infra/dev/processes/on-path.ts';
import type { NatsUser } from '../../../infra/dev/topology/names.ts';
import { connectWith, noticeOf, roundTrip } from './access.ts';
import { makeAuthority, type Authority, type Pair } from './certificates.ts';
import { productionConf, startSecureNats, withLogins, withTls, type SecureNats } from './secure-nats.ts';

// Real servers with real TLS. openssl makes the certificates.
const hasOpenssl = programOnPath('openssl') !== undefined;
const it = hasOpenssl ? test : test.skip;

let authority: Authority, other: Authority, server: Pair;
beforeAll(async () => {
  if (!hasOpenssl) return;
  [authority, other] = await Promise.all([makeAuthority(), makeAuthority()]);
  server = await authority.issue('DNS:localhost,IP:127.0.0.1');
});
afterAll(async () => {
  if (hasOpenssl) await Promise.all([authority.remove(), other.remove()]);
});

/** All users have the password `p`. */
const onePassword = async (pair: Pair): Promise<string> =>
  withTls(
    withLogins(await productionConf(), (user) => `user: "${user}", password: "p"`),
    pair,
  );

describe('TLS with a private authority', () => {
  let nats: SecureNats;
  beforeAll(async () => {
    if (hasOpenssl) nats = await startSecureNats(await onePassword(server));
  });
  afterAll(async () => {
    if (hasOpenssl) await nats.stop();
  });
  const url = (user = 'gateway') => `tls://${user}:p@${nats.host}`;

  it('protects users with passwords, whose authority is a file or a value', async () => {
    const NATS_TLS_CA = await readFile(authority.file, 'utf8');
    expect(
      await roundTrip((user) => ({
        NATS_URL: url(user),
        ...(user === 'gateway' ? { NATS_TLS_CA } : { NATS_TLS_CA_FILE: authority.file }),
      })),
    ).toEqual({ ready: true });
  });

  it('is required by NATS_TLS_CA, also of a nats:// server', async () => {
    const plain = await startNats();
    const environment = { NATS_URL: plain.url('gateway'), NATS_TLS_CA_FILE: authority.file };
    expect((await noticeOf(environment)).text).toBe("waiting for NATS: server does not support 'tls'");
    await plain.stop();
  });

  it('with another authority is refused, with the reason and the address', async () => {
    const notice = await noticeOf({ NATS_URL: url(), NATS_TLS_CA_FILE: other.file });
    expect(notice.text).toMatch(/^waiting for NATS: .*(unable to verify the first certificate|self-signed)/);
    expect(notice.fields).toMatchObject({ servers: nats.host, login: 'user gateway' });
    expect(JSON.stringify(notice)).not.toContain(':p@');
  });

  it('with the public authorities alone is refused', async () => {
    expect((await noticeOf({ NATS_URL: url() })).text).toContain('unable to verify the first certificate');
  });

  it('reports, after a reconnection fails, that the certificate of the server has ended', async () => {
    const own = await startSecureNats(await onePassword(server));
    const renewed = await onePassword(await authority.issue('IP:127.0.0.1', -1));
    const environment = { NATS_URL: `tls://gateway:p@${own.host}`, NATS_TLS_CA_FILE: authority.file };
    const notice = await noticeOf(environment, () => own.restart(renewed));
    expect(notice.text).toMatch(/certificate has expired/);
    await own.stop();
  });

  it.each([
    ['another address', 'IP:127.0.0.2'],
    ['localhost, while the URL names an address', 'DNS:localhost'],
  ])('refuses a certificate for %s', async (_, names) => {
    const own = await startSecureNats(await onePassword(await authority.issue(names)));
    const environment = { NATS_URL: `tls://gateway:p@${own.host}`, NATS_TLS_CA_FILE: authority.file };
    expect((await noticeOf(environment)).text).toMatch(/IP: 127\.0\.0\.1 is not in the cert's list/);
    await own.stop();
  });
});

describe('mutual TLS', () => {
  let nats: SecureNats;
  beforeAll(async () => {
    if (hasOpenssl)
      nats = await startSecureNats(
        withTls(
          withLogins(await productionConf(), (user) => `user: "${user}"`),
          server,
          `ca_file: "${authority.file}", verify_and_map: true`,
        ),
      );
  });
  afterAll(async () => {
    if (hasOpenssl) await nats.stop();
  });
  const environment = (pair?: Pair) => ({
    NATS_URL: `tls://${nats.host}`,
    NATS_TLS_CA_FILE: authority.file,
    ...(pair && { NATS_TLS_CERT_FILE: pair.cert, NATS_TLS_KEY_FILE: pair.key }),
  });

  it('logs a program in by its certificate, as the user with its permissions', async () => {
    const pairs = new Map<NatsUser, Pair>([
      ['gateway', await authority.issue('DNS:gateway')],
      ['chat-service', await authority.issue('DNS:chat-service')],
    ]);
    expect(await roundTrip((user) => environment(pairs.get(user)))).toEqual({ ready: true });
  });

  it('reports that the server requires a certificate', async () => {
    expect((await noticeOf(environment())).text).toMatch(/alert (certificate required|bad certificate)$/);
  });

  it('reports a certificate that has ended', async () => {
    const pair = await authority.issue('DNS:gateway', -1);
    expect((await noticeOf(environment(pair))).text).toMatch(/alert (certificate expired|bad certificate)$/);
  });

  it('reports a certificate of another authority', async () => {
    const pair = await other.issue('DNS:gateway');
    expect((await noticeOf(environment(pair))).text).toMatch(/alert (unknown ca|bad certificate)$/);
  });

  it('reports a certificate that is no user', async () => {
    const pair = await authority.issue('DNS:stranger');
    expect((await noticeOf(environment(pair))).text).toContain('Authorization Violation');
  });
});

describe('NATS_TLS_HANDSHAKE_FIRST', () => {
  // Debian's nats-server has no `handshake_first`: a proxy in front of it begins with TLS.
  it('begins with TLS', async () => {
    const nats = await startNats();
    const proxy = await handshakeFirst(nats);
    const { port } = z.object({ port: z.number() }).parse(proxy.address());
    const bus = await connectWith({
      NATS_URL: nats.url('gateway').replace(String(nats.port), String(port)),
      NATS_TLS_CA_FILE: authority.file,
      NATS_TLS_HANDSHAKE_FIRST: 'true',
    });
    expect(bus.isConnected).toBe(true);
    await bus.close();
    proxy.close();
    await nats.stop();
  });

  async function handshakeFirst(nats: TestNats): Promise<Server> {
    const [cert, key] = await Promise.all([readFile(server.cert), readFile(server.key)]);
    const proxy = createServer({ cert, key }, (client) => {
      const upstream = connectTcp(nats.port, '127.0.0.1');
      upstream.once('data', (greeting: Buffer) => {
        client.write(greeting.toString().replace('INFO {', 'INFO {"tls_required":true,'));
        upstream.pipe(client);
      });
      client.pipe(upstream);
      client.on('error', () => upstream.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    return proxy;
  }
});
