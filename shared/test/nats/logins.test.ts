import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { nkeys } from '@nats-io/transport-node';
import { chatHeads } from '@switchboard/shared/contracts';
import { createLogger } from '@switchboard/shared/runtime';
import { waitFor } from '@switchboard/infra/test';
import { z } from 'zod';
import { natsUsers, type NatsUser } from '../../../infra/dev/topology/names.ts';
import { connectWith, noticeOf, roundTrip, secretFolder } from './access.ts';
import { productionConf, startSecureNats, withLogins, withOperator, withToken } from './secure-nats.ts';

// Real servers with the permissions of production, and each of the client library's authenticators.

const seedOf = (pair: ReturnType<typeof nkeys.createUser>): string => Buffer.from(pair.getSeed()).toString();
const pairs = new Map(natsUsers.map((user) => [user as string, nkeys.createUser()]));
const pairOf = (user: string) => pairs.get(user) ?? nkeys.createUser();

let secrets: Awaited<ReturnType<typeof secretFolder>>;
let conf: string;
beforeAll(async () => {
  secrets = await secretFolder();
  conf = await productionConf();
});
afterAll(() => secrets.remove());

/** Publishes what only chat-service may publish; resolves with what the server says about it. */
async function refusalOf(environment: Record<string, string>): Promise<string> {
  const logger = createLogger('test', 'silent');
  const error = jest.spyOn(logger, 'error');
  const bus = await connectWith(environment, 'gateway', logger);
  bus.signal(chatHeads, { heads: [] });
  const [fields] = await waitFor(() => error.mock.calls.at(0), { what: 'the refusal' });
  await bus.close();
  return z.object({ err: z.instanceof(Error) }).parse(fields).err.message;
}

describe('an nkey', () => {
  let server: Awaited<ReturnType<typeof startSecureNats>>;
  beforeAll(async () => {
    server = await startSecureNats(withLogins(conf, (user) => `nkey: ${pairOf(user).getPublicKey()}`));
  });
  afterAll(() => server.stop());
  const url = () => `nats://${server.host}`;

  it('logs a program in, with its inbox and its permissions', async () => {
    const environmentOf = (user: NatsUser) => ({ NATS_URL: url(), NATS_NKEY_SEED: seedOf(pairOf(user)) });
    expect(await roundTrip(environmentOf)).toEqual({ ready: true });
    expect(await refusalOf(environmentOf('gateway'))).toContain('log.chat.heads');
  });

  it('is read from a file', async () => {
    const file = await secrets.write('seed', ` ${seedOf(pairOf('gateway'))} \n\n`);
    const bus = await connectWith({ NATS_URL: url(), NATS_NKEY_SEED_FILE: file });
    expect(bus.isConnected).toBe(true);
    await bus.close();
  });

  it('that the server does not know is logged with its public key and the address, without the seed', async () => {
    const unknown = nkeys.createUser();
    const notice = await noticeOf({ NATS_URL: url(), NATS_NKEY_SEED: seedOf(unknown) });
    expect(notice.text).toMatch(/^waiting for NATS: .*Authorization Violation/);
    expect(notice.fields).toMatchObject({ servers: server.host, login: `nkey ${unknown.getPublicKey()}` });
    expect(JSON.stringify(notice)).not.toContain(seedOf(unknown));
  });
});

describe('a token', () => {
  it('logs a program in; a wrong one is logged without it', async () => {
    const server = await startSecureNats(withToken(conf, 's3cret-token'));
    const NATS_URL = `nats://${server.host}`;
    const NATS_TOKEN_FILE = await secrets.write('token', 's3cret-token\n');
    expect(await roundTrip(() => ({ NATS_URL, NATS_TOKEN_FILE }))).toEqual({ ready: true });
    const notice = await noticeOf({ NATS_URL, NATS_TOKEN: 'geheim' });
    expect(notice.text).toMatch(/^waiting for NATS: .*Authorization Violation/);
    expect(notice.fields).toMatchObject({ servers: server.host, login: 'token' });
    expect(JSON.stringify(notice)).not.toContain('geheim');
    await server.stop();
  });
});

describe('credentials of an operator', () => {
  it('log a program in, with its inbox and its permissions', async () => {
    const operator = await withOperator(conf);
    const server = await startSecureNats(operator.conf);
    const NATS_URL = `nats://${server.host}`;
    const [gateway, chat] = await Promise.all([
      operator.credentials('gateway'),
      operator.credentials('chat-service'),
    ]);
    const NATS_CREDS_FILE = await secrets.write('chat.creds', chat);
    expect(
      await roundTrip((user) => ({
        NATS_URL,
        ...(user === 'gateway' ? { NATS_CREDS: gateway } : { NATS_CREDS_FILE }),
      })),
    ).toEqual({ ready: true });
    expect(await refusalOf({ NATS_URL, NATS_CREDS: gateway })).toContain('log.chat.heads');
    await server.stop();
  });

  it('that have ended are logged with the time, without the seed', async () => {
    const operator = await withOperator(conf);
    const server = await startSecureNats(operator.conf);
    const creds = await operator.credentials('gateway', new Date('2026-01-02T03:04:05Z'));
    const notice = await noticeOf({ NATS_URL: `nats://${server.host}`, NATS_CREDS: creds });
    expect(notice.text).toMatch(/^waiting for NATS: .*Authorization Violation/);
    expect(notice.fields).toMatchObject({
      login: expect.stringMatching(/^credentials of U[A-Z2-7]{55}, which ended 2026-01-02T03:04:05\.000Z$/),
    });
    expect(JSON.stringify(notice)).not.toMatch(/SU[A-Z2-7]{56}/);
    await server.stop();
  });

  it('are read again at each connection; a file without credentials leaves the last ones', async () => {
    const [first, second] = [await withOperator(conf), await withOperator(conf)];
    const server = await startSecureNats(first.conf);
    const file = await secrets.write('renewed.creds', await first.credentials('gateway'));
    const logger = createLogger('test', 'silent');
    const error = jest.spyOn(logger, 'error');
    const environment = { NATS_URL: `nats://${server.host}`, NATS_CREDS_FILE: file };
    const bus = await connectWith(environment, 'gateway', logger);
    const untilReconnected = async (how: () => Promise<void>): Promise<void> => {
      const reconnected = new Promise<void>((resolve) => {
        bus.onReconnect(resolve);
      });
      await how();
      await reconnected;
    };

    await secrets.write('renewed.creds', 'half a fi');
    await untilReconnected(() => server.restart(first.conf));
    expect(error).toHaveBeenCalledWith(
      expect.objectContaining({ file }),
      'bus: reading the NATS credential failed',
    );
    await secrets.write('renewed.creds', await second.credentials('gateway'));
    await untilReconnected(() => server.restart(second.conf));
    await bus.close();
    await server.stop();
  }, 60_000);
});
