import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENTS_EXCHANGE as EVENTS, integrationEvents } from '@switchboard/shared/contracts';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { canStartRabbit, startPreparedRabbit, type PreparedRabbit } from '../helpers/index.ts';

// Every user tries every operation, on its own and on other objects: RabbitMQ allows what the user needs and
// refuses everything else.

const WEBHOOKS = 'switchboard.webhooks';
/** Belongs to no user here, although its name starts like one. */
const OTHER = 'analytics-of-others';
const queues = [WEBHOOKS, 'analytics', OTHER];
const keys = Object.values(integrationEvents).map(({ routingKey }) => routingKey);
const strangeKeys = [
  '',
  '#',
  'chat',
  'chat.',
  'chat.opened.again',
  'message',
  'xmessage.created',
  'messages.created',
  'presence.joined',
  WEBHOOKS,
];

type Act = (channel: ConfirmChannel) => unknown;
const publish =
  (exchange: string, key: string): Act =>
  (channel) =>
    channel.publish(exchange, key, Buffer.from('forged'));
const each = <T>(things: readonly T[], actsOf: (thing: T) => Record<string, Act>): Record<string, Act> =>
  Object.fromEntries(things.flatMap((thing) => Object.entries(actsOf(thing))));

const acts: Record<string, Act> = {
  ...each([...keys, ...strangeKeys], (key) => ({ [`publish ${key}`]: publish(EVENTS, key) })),
  ...each(['amq.topic', 'amq.direct', 'amq.fanout', 'analytics', OTHER], (exchange) => ({
    [`publish to ${exchange}`]: publish(exchange, 'message.created'),
  })),
  ...each(queues, (queue) => ({
    [`put into ${queue}`]: publish('', queue),
    [`make ${queue}`]: (channel) => channel.assertQueue(queue),
    [`remove ${queue}`]: (channel) => channel.deleteQueue(queue),
    [`empty ${queue}`]: (channel) => channel.purgeQueue(queue),
    [`get from ${queue}`]: (channel) => channel.get(queue, { noAck: true }),
    [`consume ${queue}`]: (channel) => channel.consume(queue, () => undefined),
    [`bind ${queue} to message.created`]: (channel) => channel.bindQueue(queue, EVENTS, 'message.created'),
    [`bind ${queue} to #`]: (channel) => channel.bindQueue(queue, EVENTS, '#'),
    [`unbind ${queue} from message.created`]: (channel) =>
      channel.unbindQueue(queue, EVENTS, 'message.created'),
    [`bind ${queue} to another exchange`]: (channel) => channel.bindQueue(queue, OTHER, ''),
    ...each([EVENTS, ''], (exchange) => ({
      [`make ${queue} with dead letters for '${exchange}'`]: async (channel) => {
        await channel.deleteQueue(queue);
        await channel.assertQueue(queue, {
          deadLetterExchange: exchange,
          deadLetterRoutingKey: 'message.created',
        });
      },
    })),
  })),
  'make a queue without a name': (channel) => channel.assertQueue('', { exclusive: true }),
  ...each([EVENTS, 'analytics', OTHER], (exchange) => ({
    [`make the exchange ${exchange}`]: (channel) => channel.assertExchange(exchange, 'topic'),
    [`remove the exchange ${exchange}`]: (channel) => channel.deleteExchange(exchange),
  })),
  'make the exchange switchboard.events of another kind': (channel) =>
    channel.assertExchange(EVENTS, 'fanout'),
  'make an exchange whose rest goes to switchboard.events': async (channel) => {
    await channel.deleteExchange('analytics');
    await channel.assertExchange('analytics', 'topic', { alternateExchange: EVENTS });
  },
  ...each(['analytics', OTHER], (exchange) => ({
    [`lead switchboard.events into ${exchange}`]: (channel) =>
      channel.bindExchange(exchange, EVENTS, 'message.created'),
    [`lead ${exchange} into switchboard.events`]: (channel) => channel.bindExchange(EVENTS, exchange, '#'),
  })),
};

/** The allowed operations; RabbitMQ refuses all others with 403. */
const rights = {
  'chat-service': keys.filter((key) => key.startsWith('chat.')).map((key) => `publish ${key}`),
  'message-service': keys.filter((key) => key.startsWith('message.')).map((key) => `publish ${key}`),
  'webhook-service': [
    ...['make', 'remove', 'empty', 'get from', 'consume'].map((verb) => `${verb} ${WEBHOOKS}`),
    `bind ${WEBHOOKS} to message.created`,
    `bind ${WEBHOOKS} to #`,
    `unbind ${WEBHOOKS} from message.created`,
  ],
  analytics: [
    ...['make', 'remove', 'empty', 'get from', 'consume'].map((verb) => `${verb} analytics`),
    'bind analytics to message.created',
    'unbind analytics from message.created',
    'lead switchboard.events into analytics',
    'make the exchange analytics',
    'remove the exchange analytics',
    'publish to analytics',
  ],
};
type User = keyof typeof rights;
const services = ['chat-service', 'message-service', 'webhook-service'] as const;

const REFUSED = 403;

(canStartRabbit ? describe : describe.skip)('on RabbitMQ', () => {
  let rabbit: PreparedRabbit;
  let admin: ChannelModel;
  let consumerUrl: string;

  beforeAll(async () => {
    rabbit = await startPreparedRabbit();
    consumerUrl = await rabbit.addConsumer();
    admin = await connect(rabbit.url, { noDelay: true });
  }, 90_000);
  afterAll(async () => {
    await admin.close();
    await rabbit.stop();
  });

  /** Recreates all objects that the operations need. */
  async function restore(): Promise<void> {
    const channel = await admin.createChannel();
    await channel.assertExchange(EVENTS, 'topic');
    for (const exchange of ['analytics', OTHER]) {
      await channel.deleteExchange(exchange);
      await channel.assertExchange(exchange, 'topic');
    }
    for (const queue of queues) {
      await channel.deleteQueue(queue);
      await channel.assertQueue(queue);
      await channel.bindQueue(queue, EVENTS, 'message.created');
    }
    await channel.close();
  }

  async function outcomeOf(connection: ChannelModel, act: Act): Promise<unknown> {
    const channel = await connection.createConfirmChannel();
    let code: unknown;
    channel.on('error', (error: Error & { code?: unknown }) => {
      code = error.code;
    });
    try {
      await act(channel);
      await channel.waitForConfirms();
      await channel.close();
      return 'done';
    } catch (error) {
      return code ?? error;
    }
  }

  async function outcomesOf(url: string): Promise<Record<string, unknown>> {
    const connection = await connect(url, { noDelay: true });
    const outcomes: Record<string, unknown> = {};
    for (const [name, act] of Object.entries(acts)) {
      await restore();
      outcomes[name] = await outcomeOf(connection, act);
    }
    await connection.close();
    return outcomes;
  }

  const urlOf = (user: User): string => (user === 'analytics' ? consumerUrl : rabbit.urlOf(user));

  it.each(Object.keys(rights) as User[])('allows %s its own work and nothing else', async (user) => {
    const refused = Object.fromEntries(Object.keys(acts).map((name) => [name, REFUSED]));
    const done = Object.fromEntries(rights[user].map((name) => [name, 'done']));
    expect(await outcomesOf(urlOf(user))).toEqual({ ...refused, ...done });
  });

  it('allows the administrator everything, so that the refusals of others are meaningful', async () => {
    const { 'make the exchange switchboard.events of another kind': conflict, ...others } = await outcomesOf(
      rabbit.url,
    );
    expect(conflict).toBe(406);
    expect(new Set(Object.values(others))).toEqual(new Set(['done']));
  });

  it('refuses guest, a wrong password, and another virtual host', async () => {
    const wrong = rabbit
      .urlOf('chat-service')
      .replace(rabbit.passwordOf('chat-service'), rabbit.passwordOf('message-service'));
    for (const url of [rabbit.url.replace(/\/\/.*@/, '//guest:guest@'), wrong])
      await expect(connect(url)).rejects.toThrow('ACCESS_REFUSED');
    await rabbit.ctl('add_vhost', 'elsewhere');
    await expect(connect(`${rabbit.urlOf('chat-service')}/elsewhere`)).rejects.toThrow('ConnectionClose');
    expect(
      (await rabbit.ctl('list_users', '--no-table-headers'))
        .trim()
        .split('\n')
        .map((line) => line.split('\t')[0])
        .sort(),
    ).toEqual(['admin', ...Object.keys(rights)].sort());
  });

  it('allows the management API to the administrator only', async () => {
    const statusOf = async (user: 'admin' | (typeof services)[number]) =>
      (
        await fetch(`${rabbit.managementUrl}/api/overview`, {
          headers: { authorization: `Basic ${btoa(`${user}:${rabbit.passwordOf(user)}`)}` },
        })
      ).status;
    expect(await statusOf('admin')).toBe(200);
    for (const user of services) expect(await statusOf(user)).toBe(401);
  });
});

describe('the definitions', () => {
  const script = fileURLToPath(new URL('../../deploy/rabbitmq/definitions.mjs', import.meta.url));
  const passwords = {
    RABBITMQ_ADMIN_PASSWORD: 'secret-1',
    RABBITMQ_CHAT_SERVICE_PASSWORD: 'secret-2',
    RABBITMQ_MESSAGE_SERVICE_PASSWORD: 'secret-3',
    RABBITMQ_WEBHOOK_SERVICE_PASSWORD: 'secret-4',
  };
  const print = (env: NodeJS.ProcessEnv) => promisify(execFile)(process.execPath, [script], { env });

  it('contain no password, and a different hash each time', async () => {
    const [first, second] = [(await print(passwords)).stdout, (await print(passwords)).stdout];
    for (const password of Object.values(passwords)) expect(first).not.toContain(password);
    expect(first).not.toBe(second);
  });

  it.each(Object.keys(passwords))('are not printed without %s', async (name) => {
    await expect(print({ ...passwords, [name]: '' })).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: `Each user needs a password; not set: ${name}\n`,
    });
  });
});
