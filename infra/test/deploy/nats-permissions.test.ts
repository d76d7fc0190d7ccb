import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';
import { requestContracts } from '@switchboard/shared/contracts';
import { connectRaw, startNats, waitFor, type TestNats } from '../helpers/index.ts';
import { natsUsers, type NatsUser } from '../../dev/topology/names.ts';

// Tries every user with every subject of the registry, in both directions: the server allows what the user
// needs and refuses everything else.

const requests = requestContracts.map(({ subject }) => subject);
const matching = (pattern: RegExp): string[] => requests.filter((subject) => pattern.test(subject));
const room = (owner: string): string => `room.0193a1b2-0000-7000-8000-000000000001.${owner}`;
/** The subjects of requests to one replica. */
const addressed = (pattern: RegExp): string[] => matching(pattern).map((subject) => `${subject}.4b1d`);
const owners = ['chat', 'message', 'presence', 'webhook'];
const announcements = owners.map((owner) => `replicas.${owner}`);
const probes = owners.map((owner) => `replicas.${owner}.4b1d`);
const rooms = ['chat', 'message', 'presence', 'webhook', 'gateway', 'other'].map(room);
const heads = ['log.chat.heads', 'log.message.heads', 'log.presence.heads'];
const inboxes = natsUsers.map((user) => `_INBOX.${user}.process.1`);
const strange = [
  '>',
  '*',
  'room.>',
  'internal.>',
  '_INBOX.>',
  '_INBOX.*.x',
  '$SYS.>',
  '$SYS.ACCOUNT.x',
  'chat.v1',
  'chat.v2.open',
  'chat.v1.open.x.y',
  'replicas.other',
  'other.v1.x',
  'internal.presence.v1.x',
  'log.x',
];
const wildcards = [
  'room.*.*',
  'room.*.chat',
  'log.*.heads',
  'replicas.*',
  'replicas.*.*',
  'chat.v1.*',
  'message.v1.*',
  'presence.v1.*',
  'webhook.v1.*',
  'internal.chat.v1.*',
  'internal.message.v1.*',
  ...natsUsers.map((user) => `_INBOX.${user}.>`),
];
const all = [
  ...requests,
  ...addressed(/./),
  ...announcements,
  ...probes,
  ...rooms,
  ...heads,
  ...inboxes,
  ...strange,
];

interface Rights {
  publish: string[];
  subscribe: string[];
  serve: string[];
}

/** What a caller of these requests publishes. */
const requestsTo = (pattern: RegExp, owner: string): string[] => [
  ...matching(pattern),
  ...addressed(pattern),
  `replicas.${owner}.4b1d`,
];
/** What a replica subscribes to, for itself alone. */
const ownTo = (pattern: RegExp, owner: string): string[] => [...addressed(pattern), `replicas.${owner}.4b1d`];

/** The subjects that each user needs; `serve`: subscribed in the user's own queue group. */
const rights: Record<NatsUser, Rights> = {
  gateway: {
    publish: [
      ...matching(/^(chat|message|presence|webhook)\./),
      ...addressed(/^(chat|message|presence|webhook)\./),
      ...probes,
    ],
    subscribe: [
      ...rooms,
      ...announcements,
      'replicas.other',
      'replicas.*',
      ...heads,
      'room.*.*',
      'room.*.chat',
      'log.*.heads',
      '_INBOX.gateway.process.1',
      '_INBOX.gateway.>',
    ],
    serve: [],
  },
  'chat-service': {
    publish: [
      room('chat'),
      'log.chat.heads',
      'replicas.chat',
      ...requestsTo(/^internal\.message\./, 'message'),
    ],
    subscribe: [
      '_INBOX.chat-service.process.1',
      '_INBOX.chat-service.>',
      ...ownTo(/^(internal\.)?chat\./, 'chat'),
      'replicas.message',
    ],
    serve: [...matching(/^(internal\.)?chat\./), 'chat.v1.*', 'internal.chat.v1.*'],
  },
  'message-service': {
    publish: [
      room('message'),
      'log.message.heads',
      'replicas.message',
      ...requestsTo(/^internal\.chat\./, 'chat'),
    ],
    subscribe: [
      '_INBOX.message-service.process.1',
      '_INBOX.message-service.>',
      'log.chat.heads',
      ...ownTo(/^(internal\.)?message\./, 'message'),
      'replicas.chat',
    ],
    serve: [...matching(/^(internal\.)?message\./), 'message.v1.*', 'internal.message.v1.*'],
  },
  'presence-service': {
    publish: [room('presence'), 'replicas.presence', ...requestsTo(/^internal\.chat\./, 'chat')],
    subscribe: [
      '_INBOX.presence-service.process.1',
      '_INBOX.presence-service.>',
      'log.chat.heads',
      ...ownTo(/^presence\./, 'presence'),
      'replicas.chat',
    ],
    serve: [...matching(/^presence\./), 'presence.v1.*'],
  },
  'webhook-service': {
    publish: ['replicas.webhook'],
    subscribe: [
      '_INBOX.webhook-service.process.1',
      '_INBOX.webhook-service.>',
      ...ownTo(/^webhook\./, 'webhook'),
    ],
    serve: [...matching(/^webhook\./), 'webhook.v1.*'],
  },
};

let nats: TestNats;
beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());

/** The subjects that the server refuses. It reports them in order, before it replies to the flush. */
async function refused(user: NatsUser, act: (connection: NatsConnection) => void): Promise<string[]> {
  const connection = await connectRaw(nats, user);
  const subjects: string[] = [];
  const watching = (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error' && status.error instanceof PermissionViolationError)
        subjects.push(status.error.subject);
    }
  })();
  act(connection);
  await connection.flush();
  await connection.close();
  await watching;
  return subjects;
}

const without = (subjects: readonly string[], allowed: readonly string[]): string[] =>
  [...new Set(subjects)].filter((subject) => !allowed.includes(subject)).sort();
const publishable = all.filter((subject) => !/[*>]/.test(subject));
const listenable = [...all, ...wildcards];

describe.each(natsUsers)('%s', (user) => {
  const { publish, subscribe, serve } = rights[user];

  it('publishes what it needs and nothing else', async () => {
    const subjects = await refused(user, (connection) => {
      for (const subject of publishable) connection.publish(subject, '');
    });
    expect(subjects.sort()).toEqual(without(publishable, publish));
  });

  it('subscribes to what it needs and nothing else: to requests only in its queue group', async () => {
    const subjects = await refused(user, (connection) => {
      for (const subject of listenable) connection.subscribe(subject, { callback: () => undefined });
    });
    expect([...new Set(subjects)].sort()).toEqual(without(listenable, subscribe));
  });

  it('shares its queue group only for its own requests', async () => {
    const others = listenable.filter((subject) => !subscribe.includes(subject));
    const subjects = await refused(user, (connection) => {
      for (const subject of others) connection.subscribe(subject, { queue: user, callback: () => undefined });
    });
    expect([...new Set(subjects)].sort()).toEqual(without(others, serve));
  });

  it('cannot use another queue group for its requests', async () => {
    const subjects = await refused(user, (connection) => {
      for (const subject of serve)
        connection.subscribe(subject, { queue: 'other', callback: () => undefined });
    });
    expect([...new Set(subjects)].sort()).toEqual(without(serve, []));
  });
});

describe('a reply', () => {
  it('reaches only the inbox that the request names', async () => {
    const chat = await connectRaw(nats, 'chat-service');
    const gateway = await connectRaw(nats, 'gateway');
    const received: string[] = [];
    gateway.subscribe('_INBOX.gateway.>', {
      callback: (_, message) => {
        received.push(`${message.subject} ${message.string()}`);
      },
    });
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
    await waitFor(() => received.length === 2, { what: 'both parts of the reply' });
    await chat.flush();
    await gateway.flush();
    expect(received).toEqual(['_INBOX.gateway.process.1 first', '_INBOX.gateway.process.1 second']);
    await chat.close();
    await gateway.close();
  });
});
