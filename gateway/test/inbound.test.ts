import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { waitFor } from '../../infra/testing/index.ts';
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
const error = (code: string, data: string, retryable = false) => ({ event: 'error', data, code, retryable, traceId: TRACE });

describe('an event', () => {
  it('is answered on its callback, with a trace', async () => {
    const { id } = gateway.stubs.newChat();
    expect(await client.ask('getActiveUsers', id)).toEqual({ event: 'activeUsers', data: { chatId: id, userIds: [1] }, traceId: TRACE });
  });

  it('is answered as an event of its own without one', async () => {
    const { id } = gateway.stubs.newChat();
    const other = await gateway.connect();
    other.socket.emit('getActiveUsers', id);
    expect(await other.hears('activeUsers')).toEqual([{ chatId: id, userIds: [1] }]);
  });

  it('that needs no answer gets none unless asked', async () => {
    const { id } = gateway.stubs.newChat();
    const other = await gateway.connect();
    other.socket.emit('typing', { chatId: id, isTyping: true });
    expect(await other.ask('typing', { chatId: id, isTyping: false })).toMatchObject({ event: 'typing', data: { chatId: id, isTyping: false } });
    expect(other.heard).toEqual([]);
  });

  it('with a last argument that is no function: that is data, one argument too many', async () => {
    const { id } = gateway.stubs.newChat();
    for (const extra of ['ack', 5, null, {}, []]) {
      const other = await gateway.connect();
      other.socket.emit('getActiveUsers', id, extra);
      await other.hears('error');
      expect(other.heard).toEqual([{ event: 'error', args: ['The request is not valid.', expect.objectContaining({ code: 'VALIDATION', retryable: false, traceId: TRACE })] }]);
    }
  });

  it('with more arguments than one is refused on the callback too', async () => {
    expect(await client.ask('getActiveUsers', randomUUID(), 'more')).toMatchObject(error('VALIDATION', 'The request is not valid.'));
  });

  it('without an argument is refused', async () => {
    expect(await client.ask('sendMessage')).toMatchObject(error('VALIDATION', 'The request is not valid.'));
    expect(await client.ask('joinChat')).toMatchObject({ event: 'error', code: 'VALIDATION' });
  });

  it.each(['nonsense', '', 'disconnecting2', '__proto__', 'constructor', 'enterChat', 'readLog', 'newMessage', 'error', 'ping'])('named %j is unknown, and hurts nobody', async (name) => {
    expect(await client.ask(name, {})).toEqual(error('UNKNOWN_EVENT', 'There is no such event.'));
    client.socket.emit(name, {});
    const { id } = gateway.stubs.newChat();
    expect(await client.ask('getActiveUsers', id)).toMatchObject({ event: 'activeUsers' });
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
    expect(await client.ask('sendMessage', payload)).toMatchObject({ event: 'error', code: 'VALIDATION', details: { issues: expect.any(Array) } });
  });

  it.each(['not-an-id', '', '*', 'a.b', '>', 'room.*.message', randomUUID().toUpperCase()])('about %j, which is no chat id, finds no chat', async (chatId) => {
    for (const event of ['joinChat', 'leaveChat', 'getActiveUsers']) {
      expect(await client.ask(event, chatId)).toEqual(error('CHAT_NOT_FOUND', 'There is no such chat.'));
    }
    expect(await client.ask('sendMessage', { chatId, message: { text: 'hi' } })).toEqual(error('CHAT_NOT_FOUND', 'There is no such chat.'));
  });
});

describe('a failure', () => {
  it('of a service is passed on with its code and details, and nothing else', async () => {
    const { id } = gateway.stubs.newChat();
    const before = gateway.stubs.sendMessage;
    gateway.stubs.sendMessage = () => Promise.reject(new Failure('DUPLICATE_KEY', { key: 'k' }));
    expect(await client.ask('sendMessage', { chatId: id, message: { text: 'hi' } })).toEqual({ ...error('DUPLICATE_KEY', 'This clientMessageId was used for another message.'), details: { key: 'k' } });
    gateway.stubs.sendMessage = () => Promise.reject(new Error('password=secret'));
    expect(await client.ask('sendMessage', { chatId: id, message: { text: 'hi' } })).toEqual(error('INTERNAL', 'Something went wrong on our side.'));
    gateway.stubs.sendMessage = before;
  });

  it('to answer in time is told within two seconds', async () => {
    const { id } = gateway.stubs.newChat();
    const before = gateway.stubs.sendMessage;
    const gate = Promise.withResolvers<never>();
    gateway.stubs.sendMessage = () => gate.promise;
    const began = performance.now();
    expect(await client.ask('sendMessage', { chatId: id, message: { text: 'hi' } })).toMatchObject({ code: 'TIMEOUT', retryable: true });
    expect(performance.now() - began).toBeLessThan(2_000);
    gate.reject(new Failure('UNAVAILABLE'));
    gateway.stubs.sendMessage = before;
  });
});

describe('events of one socket about one chat', () => {
  it('are done in the order in which they were asked', async () => {
    const chat = gateway.stubs.newChat();
    const other = await gateway.connect();
    const sends = upTo(60).map((n) => other.ask('sendMessage', { chatId: chat.id, message: { text: `n${n}` } }));
    await Promise.all(sends);
    expect(chat.messages.map(({ text }) => text)).toEqual(upTo(60).map((n) => `n${n}`));
  });

  it('find the room joined that was joined before', async () => {
    const chat = gateway.stubs.newChat();
    const other = await gateway.connect();
    const joined = other.join(chat.id);
    other.socket.emit('sendMessage', { chatId: chat.id, message: { text: 'hi' } });
    expect(await joined).toMatchObject({ data: { messages: [] } });
    expect(await other.hears('newMessage')).toHaveLength(1);
  });

  it('are refused as BUSY, and never begun, when there is no time left after those before them', async () => {
    const chat = gateway.stubs.newChat();
    const other = await gateway.connect();
    const before = gateway.stubs.sendMessage;
    const gate = Promise.withResolvers<never>();
    let begun = 0;
    gateway.stubs.sendMessage = () => { begun += 1; return gate.promise; };
    const first = other.ask('sendMessage', { chatId: chat.id, message: { text: '1' } });
    await waitFor(() => begun === 1, { what: 'the first to be at work' });
    const second = other.ask('sendMessage', { chatId: chat.id, message: { text: '2' } });
    expect(await first).toMatchObject({ code: 'TIMEOUT', retryable: true });
    expect(await second).toMatchObject({ code: 'BUSY', retryable: true });
    expect(begun).toBe(1);
    gate.reject(new Failure('UNAVAILABLE'));
    gateway.stubs.sendMessage = before;
  });

  it('are refused as BUSY when too many wait, each with an answer', async () => {
    const chat = gateway.stubs.newChat();
    const other = await gateway.connect();
    const gate = Promise.withResolvers<undefined>();
    const before = gateway.stubs.sendMessage;
    gateway.stubs.sendMessage = async (payload, context) => {
      await gate.promise;
      return before(payload, context);
    };
    const busy: unknown[] = [];
    const replies = upTo(130).map((n) => other.ask('sendMessage', { chatId: chat.id, message: { text: `n${n}` } }).then((reply) => {
      if (reply.code === 'BUSY') busy.push(reply.retryable);
      return reply.event;
    }));
    await waitFor(() => busy.length === 29, { what: 'those that are too many to be refused' });
    gate.resolve(undefined);
    const events = await Promise.all(replies);
    gateway.stubs.sendMessage = before;
    expect(events.filter((event) => event === 'messageSent')).toHaveLength(101);
    expect(busy).toEqual(busy.map(() => true));
  });
});
