import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Message } from '@switchboard/shared/contracts';
import { z } from 'zod';
import { root } from '../../dev/topology/paths.ts';
import {
  createDatabase,
  startNats,
  startSystem,
  waitFor,
  type RunningProcess,
  type SystemOptions,
  type TestSystem,
} from '../helpers/index.ts';
import { aClient, anAdmin, Clients, http, openChat, type Reply, type TestClient } from './client.ts';
import { HttpUser } from './http-client.ts';

// What `npm start` promises: it runs everything, restarts each process that is killed, and
// loses nothing acknowledged.

let system: TestSystem;
let clients: Clients;

beforeAll(async () => {
  system = await startSystem({ replicas: 'message-service=2', keep: true });
  clients = new Clients(system);
}, 90_000);
afterEach(() => {
  clients.closeAll();
});
afterAll(() => system.stop(), 60_000);

const NAMES = [
  'nats',
  'postgres',
  'chat-service',
  'message-service',
  'message-service-2',
  'presence-service',
  'gateway',
];

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const Readiness = z.strictObject({ ready: z.boolean(), missing: z.array(z.string()) });

/** A process's readiness response; undefined while it does not listen. */
async function readinessOf(
  url: string | undefined,
): Promise<{ status: number; missing: string[] } | undefined> {
  const response = await fetch(`${url ?? ''}/readyz`, { signal: AbortSignal.timeout(3_000) }).catch(
    () => undefined,
  );
  if (response === undefined) return undefined;
  const { ready, missing } = Readiness.parse(await response.json());
  expect({ ready, status: response.status }).toEqual(
    missing.length === 0 ? { ready: true, status: 200 } : { ready: false, status: 503 },
  );
  return { status: response.status, missing };
}

/**
 * Sends requests at a fixed rate without waiting for replies, so that a slow one does not hide a short
 * outage.
 */
async function untilItSays(url: string | undefined, name: string, missing: readonly string[]): Promise<void> {
  const said = new Set<string>();
  const requests: Promise<void>[] = [];
  await waitFor(
    () => {
      requests.push(
        readinessOf(url).then((state) => {
          for (const one of state?.missing ?? []) said.add(one);
        }),
      );
      return missing.every((one) => said.has(one));
    },
    { what: `${name} to miss ${missing.join(' and ')}`, timeoutMs: 10_000, everyMs: 20 },
  );
  await Promise.all(requests);
}

const processNamed = async (name: string): Promise<RunningProcess | undefined> =>
  (await system.processes()).find((one) => one.name === name);

describe('processes.json', () => {
  it('names what runs, each alive, live and ready', async () => {
    const running = await system.processes();
    expect(running.map(({ name }) => name).toSorted()).toEqual(NAMES.toSorted());
    expect(running.filter(({ pid }) => !isAlive(pid))).toEqual([]);
    for (const { name, url } of running) {
      if (name === 'nats' || name === 'postgres') continue;
      expect((await fetch(`${url ?? ''}/livez`)).status).toBe(200);
      expect(await readinessOf(url)).toEqual({ status: 200, missing: [] });
    }
    const [postmaster] = (await readFile(join(system.dataDir, 'postgres/postmaster.pid'), 'utf8')).split(
      '\n',
    );
    expect((await processNamed('postgres'))?.pid).toBe(Number(postmaster));
  });
});

/** Sends messages one by one until stopped; retries each until it is acknowledged. */
function keepSending(
  client: TestClient,
  chatId: string,
): { acknowledged: Message[]; stop: () => Promise<Message[]> } {
  const acknowledged: Message[] = [];
  const over = new AbortController();
  const sending = (async () => {
    for (let n = 0; !over.signal.aborted; n++)
      acknowledged.push(await sendUntilAcknowledged(client, chatId, `${chatId} ${n}`));
  })();
  return {
    acknowledged,
    stop: async () => {
      over.abort();
      await sending;
      return acknowledged;
    },
  };
}

function sendUntilAcknowledged(client: TestClient, chatId: string, key: string): Promise<Message> {
  return waitFor(
    async () => {
      const reply: Reply<Message> = await client.socket
        .timeout(2_000)
        .emitWithAck('sendMessage', { chatId, message: { text: key, clientMessageId: key } });
      if (reply.event === 'messageSent') return reply.data;
      expect(reply).toMatchObject({ event: 'error', retryable: true });
      return undefined;
    },
    { what: `message ${key} to be acknowledged`, timeoutMs: 20_000, everyMs: 50 },
  );
}

/** The whole history, read in pages. */
async function history(reader: HttpUser, chatId: string): Promise<Message[]> {
  const pages: Message[][] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await reader.messages(chatId, { limit: '100', ...(cursor === undefined ? {} : { cursor }) });
    pages.push(page.messages);
    cursor = page.nextCursor;
  }
  return pages.toReversed().flat();
}

const withoutMarks = ({ id, seq, text }: Message) => ({ id, seq, text });

describe('kill -9', () => {
  const everyService = ['chat-service', 'message-service', 'presence-service'];
  it.each<{ names: string[]; missing: Record<string, string[]> }>([
    { names: ['nats'], missing: { gateway: ['nats'], 'chat-service': ['nats'] } },
    { names: ['postgres'], missing: { gateway: everyService, 'chat-service': ['postgres'] } },
    { names: ['chat-service'], missing: { gateway: ['chat-service'] } },
    { names: ['message-service', 'message-service-2'], missing: { gateway: ['message-service'] } },
    { names: ['presence-service'], missing: { gateway: ['presence-service'] } },
    { names: ['gateway'], missing: {} },
  ])(
    'of $names is over in seconds: no acknowledged message is lost, repeated or reordered',
    async ({ names, missing }) => {
      const owner = aClient();
      const chatId = await openChat(system, owner);
      const client = await clients.connect(owner, 0, {
        reconnection: true,
        reconnectionDelay: 50,
        reconnectionDelayMax: 200,
      });
      const watcher = await clients.connect(anAdmin());
      await watcher.request('joinChat', chatId);
      const before = await system.processes();
      const urlOf = (name: string) => before.find((one) => one.name === name)?.url;
      const sends = keepSending(client, chatId);
      await waitFor(() => sends.acknowledged.length >= 5, { what: 'the first messages to be acknowledged' });

      const saidMissing = Object.entries(missing).map(([name, expected]) =>
        untilItSays(urlOf(name), name, expected),
      );
      await Promise.all(names.map((name) => system.kill(name)));
      await Promise.all(saidMissing);

      await waitFor(
        async () => {
          const now = await system.processes();
          const isNew = names.every((name) => {
            const pid = now.find((one) => one.name === name)?.pid;
            return pid !== undefined && isAlive(pid) && !before.some((one) => one.pid === pid);
          });
          return isNew && now.length === NAMES.length && (await readinessOf(system.url))?.status === 200;
        },
        { what: `${names.join(' and ')} to be back`, timeoutMs: 20_000 },
      );
      const then = sends.acknowledged.length;
      await waitFor(() => sends.acknowledged.length >= then + 5, {
        what: 'messages to be acknowledged again',
        timeoutMs: 20_000,
      });
      const acknowledged = await sends.stop();

      const stored = await history(new HttpUser(system, owner), chatId);
      expect(stored.map(withoutMarks)).toEqual(acknowledged.map(withoutMarks));
      expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1));
      if (names.includes('gateway')) return;
      await watcher.receives('newMessage', ({ seq }) => seq === stored.length);
      expect(watcher.payloads('newMessage').map(withoutMarks)).toEqual(stored.map(withoutMarks));
    },
    60_000,
  );

  it('of one of two message-services, repeatedly, prevents no send', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const seen = new Set<number>();
    const over = new AbortController();
    const killing = (async () => {
      while (!over.signal.aborted) {
        const victim = await processNamed('message-service-2');
        if (victim !== undefined && !seen.has(victim.pid)) {
          seen.add(victim.pid);
          process.kill(victim.pid, 'SIGKILL');
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const sent: Message[] = [];
    for (let n = 0; n < 40 || seen.size < 3; n++)
      sent.push(await sendUntilAcknowledged(client, chatId, `${n}`));
    over.abort();
    await killing;

    expect((await history(new HttpUser(system, owner), chatId)).map(withoutMarks)).toEqual(
      sent.map(withoutMarks),
    );
  }, 60_000);
});

describe('a second start', () => {
  it('on the same folder takes seconds and keeps the data', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const { dataDir, jwtSecret } = system;
    const token = system.token(owner);
    const file = await new HttpUser(system, owner).uploadFile('still here', 'f.txt', 'text/plain');
    const client = await clients.connect(owner);
    const { data: message } = await client.request('sendMessage', {
      chatId,
      message: { text: 'before', fileId: file.id },
    });
    client.close();

    await system.stop();
    expect(await system.processes()).toEqual([]);
    system = await startSystem({ dataDir, timeoutMs: 20_000 });
    clients = new Clients(system);

    expect(system.jwtSecret).toBe(jwtSecret);
    const response = await fetch(`${system.url}/api/v1/chats/${chatId}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await response.json()).toMatchObject({ id: chatId, clientId: owner.id });
    const again = new HttpUser(system, owner);
    expect((await again.messages(chatId)).messages.map(withoutMarks)).toEqual([withoutMarks(message)]);
    expect(await (await again.fetch(`/files/${file.id}`)).text()).toBe('still here');
    const back = await clients.connect(owner);
    expect(await back.request('sendMessage', { chatId, message: { text: 'after' } })).toMatchObject({
      event: 'messageSent',
      data: { seq: 2 },
    });
  }, 60_000);
});

describe('npm run token', () => {
  it('prints a token that the gateway accepts', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        join(root, 'infra/dev/token.ts'),
        '--id',
        '77',
        '--role',
        'admin',
        '--email',
        'a@b.c',
      ],
      { env: { ...process.env, DATA_DIR: system.dataDir, JWT_SECRET: '' } },
    );
    const response = await fetch(`${system.url}/api/v1/chats`, {
      headers: { authorization: `Bearer ${stdout.trim()}` },
    });
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });
});

describe('a service alone', () => {
  it('runs with the servers it needs and nothing else', async () => {
    const alone = await startSystem({ only: 'chat-service' });
    try {
      const running = await alone.processes();
      expect(running.map(({ name }) => name).toSorted()).toEqual(['chat-service', 'nats', 'postgres']);
      expect(await readinessOf(running.find(({ name }) => name === 'chat-service')?.url)).toEqual({
        status: 200,
        missing: [],
      });
    } finally {
      await alone.stop();
    }
  }, 90_000);
});

describe('external NATS and Postgres', () => {
  it('are used, each service as its own user, and none is started', async () => {
    const [nats, database] = await Promise.all([startNats(), createDatabase()]);
    const secret = 'a secret of at least thirty-two bytes';
    const parts: Required<Pick<SystemOptions, 'only' | 'env'>>[] = [
      {
        only: 'chat-service',
        env: { NATS_URL: nats.url('chat-service'), CHAT_DATABASE_URL: database.url('chat_migrator') },
      },
      {
        only: 'message-service',
        env: {
          NATS_URL: nats.url('message-service'),
          MESSAGE_DATABASE_URL: database.url('message_migrator'),
        },
      },
      {
        only: 'presence-service',
        env: {
          NATS_URL: nats.url('presence-service'),
          PRESENCE_DATABASE_URL: database.url('presence_migrator'),
        },
      },
      { only: 'gateway', env: { NATS_URL: nats.url('gateway'), JWT_SECRET: secret } },
    ];
    const starts = await Promise.allSettled(parts.map((part) => startSystem(part)));
    const systems = starts.flatMap((start) => (start.status === 'fulfilled' ? start.value : []));
    try {
      expect(starts.filter((start) => start.status === 'rejected')).toEqual([]);
      expect(
        await Promise.all(systems.map(async (one) => (await one.processes()).map(({ name }) => name))),
      ).toEqual(parts.map(({ only }) => [only]));
      expect(systems.map(({ dataDir }) => existsSync(join(dataDir, 'postgres')))).toEqual([
        false,
        false,
        false,
        false,
      ]);

      const gateway = systems.at(-1)!;
      const owner = aClient();
      const chatId = await openChat(gateway, owner);
      const guests = new Clients(gateway);
      const client = await guests.connect(owner);
      const { data: message } = await client.request('sendMessage', { chatId, message: { text: 'hi' } });
      guests.closeAll();
      expect((await http(gateway, owner, 'GET', `/chats/${chatId}/messages`)).body).toEqual({
        messages: [message],
      });
      expect((await database.query('SELECT id FROM message.message')).rows).toEqual([{ id: message.id }]);
      expect((await database.query('SELECT id FROM chat.chat')).rows).toEqual([{ id: chatId }]);
    } finally {
      await Promise.all(systems.map((one) => one.stop()));
      await database.drop();
      await nats.stop();
    }
  }, 90_000);
});
