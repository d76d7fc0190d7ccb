import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';
import { requestContracts } from '@switchboard/shared/contracts';
import { connectRaw, startNats, waitFor, type TestNats } from '../testing/index.ts';
import { natsUsers, type NatsUser } from '../local/names.ts';

// Every user, every subject of the registry, both directions: what is needed is allowed, everything else refused.

const requests = requestContracts.map(({ subject }) => subject);
const matching = (pattern: RegExp): string[] => requests.filter((subject) => pattern.test(subject));
const room = (owner: string): string => `room.0193a1b2-0000-7000-8000-000000000001.${owner}`;
const rooms = ['chat', 'message', 'presence', 'webhook', 'gateway', 'other'].map(room);
const heads = ['log.chat.heads', 'log.message.heads', 'log.presence.heads'];
const inboxes = natsUsers.map((user) => `_INBOX.${user}.process.1`);
const strange = ['>', '*', 'room.>', 'internal.>', '_INBOX.>', '_INBOX.*.x', '$SYS.>', '$SYS.ACCOUNT.x', 'chat.v1', 'chat.v2.open', 'chat.v1.open.x', 'other.v1.x', 'internal.presence.v1.x', 'log.x'];
const wildcards = ['room.*.*', 'room.*.chat', 'log.*.heads', 'chat.v1.*', 'message.v1.*', 'presence.v1.*', 'webhook.v1.*', 'internal.chat.v1.*', 'internal.message.v1.*', ...natsUsers.map((user) => `_INBOX.${user}.>`)];
const all = [...requests, ...rooms, ...heads, ...inboxes, ...strange];

interface Rights { publish: string[]; subscribe: string[]; serve: string[] }

/** What each user needs; `serve` is a subscription in the user's own queue group. */
const rights: Record<NatsUser, Rights> = {
  gateway: {
    publish: matching(/^(chat|message|presence|webhook)\./),
    subscribe: [...rooms, ...heads, 'room.*.*', 'room.*.chat', 'log.*.heads', '_INBOX.gateway.process.1', '_INBOX.gateway.>'],
    serve: [],
  },
  'chat-service': {
    publish: [room('chat'), 'log.chat.heads', ...matching(/^internal\.message\./)],
    subscribe: ['_INBOX.chat-service.process.1', '_INBOX.chat-service.>'],
    serve: [...matching(/^(internal\.)?chat\./), 'chat.v1.*', 'internal.chat.v1.*'],
  },
  'message-service': {
    publish: [room('message'), 'log.message.heads', ...matching(/^internal\.chat\./)],
    subscribe: ['_INBOX.message-service.process.1', '_INBOX.message-service.>', 'log.chat.heads'],
    serve: [...matching(/^(internal\.)?message\./), 'message.v1.*', 'internal.message.v1.*'],
  },
  'presence-service': {
    publish: [room('presence'), ...matching(/^internal\.chat\./)],
    subscribe: ['_INBOX.presence-service.process.1', '_INBOX.presence-service.>', 'log.chat.heads'],
    serve: [...matching(/^presence\./), 'presence.v1.*'],
  },
  'webhook-service': {
    publish: [],
    subscribe: ['_INBOX.webhook-service.process.1', '_INBOX.webhook-service.>'],
    serve: [...matching(/^webhook\./), 'webhook.v1.*'],
  },
};

let nats: TestNats;
beforeAll(async () => { nats = await startNats(); });
afterAll(() => nats.stop());

/** What the server refuses of all this. It says so in order, before it answers the flush. */
async function refused(user: NatsUser, act: (connection: NatsConnection) => void): Promise<string[]> {
  const connection = await connectRaw(nats, user);
  const subjects: string[] = [];
  const watching = (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error' && status.error instanceof PermissionViolationError) subjects.push(status.error.subject);
    }
  })();
  act(connection);
  await connection.flush();
  await connection.close();
  await watching;
  return subjects;
}

const without = (subjects: readonly string[], allowed: readonly string[]): string[] => [...new Set(subjects)].filter((subject) => !allowed.includes(subject)).sort();
const publishable = all.filter((subject) => !/[*>]/.test(subject));
const listenable = [...all, ...wildcards];

describe.each(natsUsers)('%s', (user) => {
  const { publish, subscribe, serve } = rights[user];

  it('publishes what it needs and nothing else', async () => {
    const subjects = await refused(user, (connection) => { for (const subject of publishable) connection.publish(subject, ''); });
    expect(subjects.sort()).toEqual(without(publishable, publish));
  });

  it('hears what it needs and nothing else: no request but in its queue group', async () => {
    const subjects = await refused(user, (connection) => { for (const subject of listenable) connection.subscribe(subject, { callback: () => undefined }); });
    expect([...new Set(subjects)].sort()).toEqual(without(listenable, subscribe));
  });

  it('shares its own requests with its replicas and nobody else\'s', async () => {
    const asked = listenable.filter((subject) => !subscribe.includes(subject));
    const subjects = await refused(user, (connection) => { for (const subject of asked) connection.subscribe(subject, { queue: user, callback: () => undefined }); });
    expect([...new Set(subjects)].sort()).toEqual(without(asked, serve));
  });

  it('takes no other queue group for its requests', async () => {
    const subjects = await refused(user, (connection) => { for (const subject of serve) connection.subscribe(subject, { queue: 'other', callback: () => undefined }); });
    expect([...new Set(subjects)].sort()).toEqual(without(serve, []));
  });
});

describe('an answer', () => {
  it('goes to the inbox that a request named, and to no other', async () => {
    const chat = await connectRaw(nats, 'chat-service');
    const gateway = await connectRaw(nats, 'gateway');
    const heard: string[] = [];
    gateway.subscribe('_INBOX.gateway.>', { callback: (_, message) => { heard.push(`${message.subject} ${message.string()}`); } });
    chat.subscribe('chat.v1.get', {
      queue: 'chat-service',
      callback: (_, message) => {
        chat.publish('_INBOX.gateway.process.2', 'forged');
        chat.publish(message.reply ?? '', 'first');
        chat.publish(message.reply ?? '', 'second');
      },
    });
    await chat.flush();
    gateway.publish('chat.v1.get', 'x', { reply: '_INBOX.gateway.process.1' });
    await waitFor(() => heard.length === 2, { what: 'both parts of the answer' });
    await chat.flush();
    await gateway.flush();
    expect(heard).toEqual(['_INBOX.gateway.process.1 first', '_INBOX.gateway.process.1 second']);
    await chat.close();
    await gateway.close();
  });
});
