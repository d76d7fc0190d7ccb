import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chatStatusChanged, type LogEntry } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Client } from './client.ts';
import { startGateway, type TestGateway } from './gateway.ts';
import type { StubChat, Stubs } from './stubs.ts';

let gateway: TestGateway;
let stubs: Stubs;
let normal: Pick<Stubs, 'readLog' | 'readHeads'>;
beforeAll(async () => {
  gateway = await startGateway();
  ({ stubs } = gateway);
  const { readLog, readHeads } = stubs;
  normal = { readLog, readHeads };
});
afterEach(() => {
  Object.assign(stubs, normal);
});
afterAll(() => gateway.stop());

/** A joined client of a new chat. */
async function joined(): Promise<[StubChat, Client]> {
  const chat = stubs.newChat();
  const client = await gateway.connect();
  await client.join(chat.id);
  return [chat, client];
}

/** Commits a close behind the last message. */
function close(chat: StubChat): LogEntry {
  const entry = chat.append(chatStatusChanged, {
    chatId: chat.id,
    status: 'CLOSED',
    afterSeq: chat.messages.length,
  });
  const placed = { ...entry, afterRev: chat.revs.message };
  chat.log.chat.splice(-1, 1, placed);
  return placed;
}

/** The messages' log cannot be read. */
function withoutMessages(): void {
  stubs.readLog = (by) => (payload, context) =>
    by === 'message'
      ? Promise.reject(new Failure('UNAVAILABLE'))
      : normal.readLog.call(stubs, by)(payload, context);
}

const namesOf = (client: Client): string[] => client.received.map(({ event }) => event);
/** The gateway has received what chat-service published. */
async function chatEventsReceived(): Promise<void> {
  await stubs.chat.flush();
  await sleep(100);
}

describe('a change that is received before the messages that it follows', () => {
  it('is delivered behind them', async () => {
    const [chat, client] = await joined();
    withoutMessages();
    const messages = [chat.appendMessage(), chat.appendMessage()];
    const closed = close(chat);
    chat.publish(closed, closed);
    await chatEventsReceived();
    expect(namesOf(client)).toEqual([]);
    chat.publish(...messages);
    await client.receives('chatStatusChanged');
    expect(namesOf(client)).toEqual(['newMessage', 'newMessage', 'chatStatusChanged']);
  });

  it('brings those that were lost from the log', async () => {
    const [chat, client] = await joined();
    stubs.readHeads = () => () => Promise.reject(new Failure('UNAVAILABLE'));
    chat.appendMessage();
    chat.publish(close(chat));
    await client.receives('chatStatusChanged');
    expect(namesOf(client)).toEqual(['newMessage', 'chatStatusChanged']);
  });

  it('is held as well when it is read from the log, and delivered once', async () => {
    const [chat, client] = await joined();
    withoutMessages();
    const message = chat.appendMessage();
    const closed = close(chat);
    chat.announceHead('chat');
    await chatEventsReceived();
    chat.publish(closed);
    await chatEventsReceived();
    expect(namesOf(client)).toEqual([]);
    chat.publish(message);
    await client.receives('chatStatusChanged');
    await chatEventsReceived();
    expect(namesOf(client)).toEqual(['newMessage', 'chatStatusChanged']);
  });

  it('holds up later changes, and no socket that joins meanwhile receives it twice', async () => {
    const [chat, client] = await joined();
    withoutMessages();
    const message = chat.appendMessage();
    chat.publish(close(chat));
    chat.publish(chat.append(chatStatusChanged, { chatId: chat.id, status: 'PENDING' }));
    await chatEventsReceived();
    const late = await gateway.connect();
    await late.join(chat.id);
    chat.publish(message);
    await client.receives('chatStatusChanged', 2);
    expect(client.payloads('chatStatusChanged')).toMatchObject([{ status: 'CLOSED' }, { status: 'PENDING' }]);
    await chatEventsReceived();
    expect(namesOf(late)).toEqual([]);
  });

  it('is delivered without them after a second', async () => {
    const [chat, client] = await joined();
    withoutMessages();
    chat.appendMessage();
    chat.publish(close(chat));
    const began = performance.now();
    await client.receives('chatStatusChanged');
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(namesOf(client)).toEqual(['chatStatusChanged']);
  });
});
