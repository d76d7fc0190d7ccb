import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { waitFor } from '@switchboard/infra/test';
import type { Client } from './client.ts';
import { upTo } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway;
let client: Client;
beforeAll(async () => {
  gateway = await startGateway();
  client = await gateway.connect();
});
afterAll(() => gateway.stop());

const TRACE = expect.stringMatching(/^[0-9a-f]{32}$/);
const error = (code: string, data: string, retryable = false) => ({
  event: 'error',
  data,
  code,
  retryable,
  traceId: TRACE,
});

describe('an event', () => {
  it('gets its reply on the callback, with a trace', async () => {
    const { id } = gateway.stubs.newChat();
    expect(await client.request('getActiveUsers', id)).toEqual({
      event: 'activeUsers',
      data: { chatId: id, userIds: [1] },
      traceId: TRACE,
    });
  });

  it('gets its reply as an event when it has no callback', async () => {
    const { id } = gateway.stubs.newChat();
    const other = await gateway.connect();
    other.socket.emit('getActiveUsers', id);
    expect(await other.receives('activeUsers')).toEqual([{ chatId: id, userIds: [1] }]);
  });

  it('without a needed reply gets one only on a callback', async () => {
    const { id } = gateway.stubs.newChat();
    const other = await gateway.connect();
    other.socket.emit('typing', { chatId: id, isTyping: true });
    expect(await other.request('typing', { chatId: id, isTyping: false })).toMatchObject({
      event: 'typing',
      data: { chatId: id, isTyping: false },
    });
    expect(other.received).toEqual([]);
  });

  it('whose last argument is no function is refused for one argument too many', async () => {
    const { id } = gateway.stubs.newChat();
    for (const extra of ['ack', 5, null, {}, []]) {
      const other = await gateway.connect();
      other.socket.emit('getActiveUsers', id, extra);
      await other.receives('error');
      expect(other.received).toEqual([
        {
          event: 'error',
          args: [
            'The request is not valid.',
            expect.objectContaining({ code: 'VALIDATION', retryable: false, traceId: TRACE }),
          ],
        },
      ]);
    }
  });

  it('with two arguments is refused on the callback', async () => {
    expect(await client.request('getActiveUsers', randomUUID(), 'more')).toMatchObject(
      error('VALIDATION', 'The request is not valid.'),
    );
  });

  it('without an argument is refused', async () => {
    expect(await client.request('sendMessage')).toMatchObject(
      error('VALIDATION', 'The request is not valid.'),
    );
    expect(await client.request('joinChat')).toMatchObject({ event: 'error', code: 'VALIDATION' });
  });

  it.each([
    'nonsense',
    '',
    'disconnecting2',
    '__proto__',
    'constructor',
    'enterChat',
    'readLog',
    'newMessage',
    'error',
    'ping',
  ])('named %j is unknown and harms no other event', async (name) => {
    expect(await client.request(name, {})).toEqual(error('UNKNOWN_EVENT', 'There is no such event.'));
    client.socket.emit(name, {});
    const { id } = gateway.stubs.newChat();
    expect(await client.request('getActiveUsers', id)).toMatchObject({ event: 'activeUsers' });
  });

  it.each<[string, unknown]>([
    ['an unknown field', { chatId: randomUUID(), message: { text: 'x' }, senderId: 9 }],
    ['an unknown field further in', { chatId: randomUUID(), message: { text: 'x', seq: 9 } }],
    ['no text and no file', { chatId: randomUUID(), message: {} }],
    ['a blank text', { chatId: randomUUID(), message: { text: ' \n' } }],
    ['a text too long', { chatId: randomUUID(), message: { text: 'x'.repeat(8_001) } }],
    ['nothing', null],
    ['a list', []],
    ['bytes', Buffer.from('x')],
  ])('with %s is refused at the edge', async (_, payload) => {
    expect(await client.request('sendMessage', payload)).toMatchObject({
      event: 'error',
      code: 'VALIDATION',
      details: { issues: expect.any(Array) },
    });
  });

  it.each(['not-an-id', '', '*', 'a.b', '>', 'room.*.message', `${randomUUID()} `])(
    'with %j, which is no chat id, gets CHAT_NOT_FOUND',
    async (chatId) => {
      for (const event of ['joinChat', 'leaveChat', 'getActiveUsers']) {
        expect(await client.request(event, chatId)).toEqual(
          error('CHAT_NOT_FOUND', 'There is no such chat.'),
        );
      }
      expect(await client.request('sendMessage', { chatId, message: { text: 'hi' } })).toEqual(
        error('CHAT_NOT_FOUND', 'There is no such chat.'),
      );
    },
  );
});

describe('a failure', () => {
  it('of a service reaches the client with its code and details only', async () => {
    const { id } = gateway.stubs.newChat();
    const before = gateway.stubs.sendMessage;
    gateway.stubs.sendMessage = () => Promise.reject(new Failure('DUPLICATE_KEY', { key: 'k' }));
    expect(await client.request('sendMessage', { chatId: id, message: { text: 'hi' } })).toEqual({
      ...error('DUPLICATE_KEY', 'This clientMessageId was used for another message; use a new one.'),
      details: { key: 'k' },
    });
    gateway.stubs.sendMessage = () => Promise.reject(new Error('password=secret'));
    expect(await client.request('sendMessage', { chatId: id, message: { text: 'hi' } })).toEqual(
      error('INTERNAL', 'Something went wrong on our side.'),
    );
    gateway.stubs.sendMessage = before;
  });

  it('to reply in time becomes TIMEOUT within two seconds', async () => {
    const { id } = gateway.stubs.newChat();
    const before = gateway.stubs.sendMessage;
    const gate = Promise.withResolvers<never>();
    gateway.stubs.sendMessage = () => gate.promise;
    const began = performance.now();
    expect(await client.request('sendMessage', { chatId: id, message: { text: 'hi' } })).toMatchObject({
      code: 'TIMEOUT',
      retryable: true,
    });
    expect(performance.now() - began).toBeLessThan(2_000);
    gate.reject(new Failure('UNAVAILABLE'));
    gateway.stubs.sendMessage = before;
  });
});

describe('events of one socket about one chat', () => {
  it('are handled in the order in which they came', async () => {
    const chat = gateway.stubs.newChat();
    const other = await gateway.connect();
    const sends = upTo(60).map((n) =>
      other.request('sendMessage', { chatId: chat.id, message: { text: `n${n}` } }),
    );
    await Promise.all(sends);
    expect(chat.messages.map(({ text }) => text)).toEqual(upTo(60).map((n) => `n${n}`));
  });

  it('sent after a join find the room joined', async () => {
    const chat = gateway.stubs.newChat();
    const other = await gateway.connect();
    const joined = other.join(chat.id);
    other.socket.emit('sendMessage', { chatId: chat.id, message: { text: 'hi' } });
    expect(await joined).toMatchObject({ data: { messages: [] } });
    expect(await other.receives('newMessage')).toHaveLength(1);
  });

  it('get BUSY and never start when earlier ones used up their time', async () => {
    const chat = gateway.stubs.newChat();
    const other = await gateway.connect();
    const before = gateway.stubs.sendMessage;
    const gate = Promise.withResolvers<never>();
    let begun = 0;
    gateway.stubs.sendMessage = () => {
      begun += 1;
      return gate.promise;
    };
    const first = other.request('sendMessage', { chatId: chat.id, message: { text: '1' } });
    await waitFor(() => begun === 1, { what: 'the first to be at work' });
    const second = other.request('sendMessage', { chatId: chat.id, message: { text: '2' } });
    expect(await first).toMatchObject({ code: 'TIMEOUT', retryable: true });
    expect(await second).toMatchObject({ code: 'BUSY', retryable: true });
    expect(begun).toBe(1);
    gate.reject(new Failure('UNAVAILABLE'));
    gateway.stubs.sendMessage = before;
  });

  it('get BUSY, one reply each, when too many wait', async () => {
    const chat = gateway.stubs.newChat();
    const other = await gateway.connect();
    const gate = Promise.withResolvers<undefined>();
    const before = gateway.stubs.sendMessage;
    gateway.stubs.sendMessage = async (payload, context) => {
      await gate.promise;
      return before(payload, context);
    };
    const busy: unknown[] = [];
    const replies = upTo(130).map((n) =>
      other.request('sendMessage', { chatId: chat.id, message: { text: `n${n}` } }).then((reply) => {
        if (reply.code === 'BUSY') busy.push(reply.retryable);
        return reply.event;
      }),
    );
    await waitFor(() => busy.length === 29, { what: 'those that are too many to be refused' });
    gate.resolve(undefined);
    const events = await Promise.all(replies);
    gateway.stubs.sendMessage = before;
    expect(events.filter((event) => event === 'messageSent')).toHaveLength(101);
    expect(busy).toEqual(busy.map(() => true));
  });
});
