import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { newTrace } from '@switchboard/shared/telemetry';
import {
  chatOpened,
  chatStatusChanged,
  messagesRead,
  participantUpdate,
  userTyping,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { connectRaw, waitFor } from '@switchboard/infra/test';
import type { Client } from './client.ts';
import { admin, owner, upTo } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';
import type { StubChat, Stubs } from './stubs.ts';

let gateway: TestGateway;
let stubs: Stubs;
let raw: NatsConnection;
let normal: Pick<Stubs, 'joinChat' | 'readLog' | 'readHeads'>;
beforeAll(async () => {
  gateway = await startGateway();
  ({ stubs } = gateway);
  const { joinChat, readLog, readHeads } = stubs;
  normal = { joinChat, readLog, readHeads };
  raw = await connectRaw(gateway.nats, 'message-service');
});
afterEach(() => {
  Object.assign(stubs, normal);
});
afterAll(async () => {
  await raw.close();
  await gateway.stop();
});

const joined = async (chat: StubChat, actor = owner): Promise<Client> => {
  const client = await gateway.connect(actor);
  expect(await client.join(chat.id)).toMatchObject({ event: 'joinedChat' });
  return client;
};

/** Whether a gateway is subscribed to the room: a request finds a listener, which does not reply. */
async function isFollowed(chat: StubChat): Promise<boolean> {
  return raw.request(`room.${chat.id}.message`, '', { timeout: 100 }).then(
    () => true,
    (error: unknown) => !(error instanceof errors.RequestError && error.isNoResponders()),
  );
}

/** Waits until `client` has received all earlier events of the room: it has received a later message. */
async function settled(chat: StubChat, client: Client): Promise<void> {
  chat.publishMessages();
  await waitFor(() => client.seqs.includes(chat.messages.length), { what: 'the last message' });
}

describe('a room', () => {
  it('delivers each entry once and in order to all joined sockets', async () => {
    const chat = stubs.newChat();
    const clients = [await joined(chat), await joined(chat), await joined(chat, admin)];
    chat.publishMessages(30);
    for (const client of clients) await client.receives('newMessage', 30);
    for (const client of clients) expect(client.payloads('newMessage')).toEqual(chat.messages);
  });

  it('drops repeats', async () => {
    const chat = stubs.newChat();
    const client = await joined(chat);
    const [a, b] = [chat.appendMessage(), chat.appendMessage()];
    chat.publish(a, a, b, a, b);
    await settled(chat, client);
    expect(client.seqs).toEqual([1, 2, 3]);
  });

  it('holds an early entry for a moment before it reads the log', async () => {
    const chat = stubs.newChat();
    const client = await joined(chat);
    const reads = stubs.logReads.length;
    const [a, b, c] = [chat.appendMessage(), chat.appendMessage(), chat.appendMessage()];
    chat.publish(c, b, a);
    await client.receives('newMessage', 3);
    expect(client.seqs).toEqual([1, 2, 3]);
    expect(stubs.logReads).toHaveLength(reads);
  });

  it("fills a gap from the owner's log", async () => {
    const chat = stubs.newChat();
    const client = await joined(chat);
    chat.publishMessages();
    for (let n = 0; n < 3; n++) chat.appendMessage();
    chat.publishMessages();
    await client.receives('newMessage', 5);
    expect(client.seqs).toEqual(upTo(5));
    expect(stubs.logReads.at(-1)).toEqual({ owner: 'message', after: 1 });
  });

  it('retries until the gap is filled, then delivers what waited behind it', async () => {
    const chat = stubs.newChat();
    const client = await joined(chat);
    let refused = 0;
    stubs.readLog = (by) => (payload, context) =>
      ++refused <= 2
        ? Promise.reject(new Failure('UNAVAILABLE'))
        : normal.readLog.call(stubs, by)(payload, context);
    chat.appendMessage();
    chat.publishMessages(2);
    await client.receives('newMessage', 3);
    expect(client.seqs).toEqual([1, 2, 3]);
    expect(refused).toBeGreaterThan(2);
  });

  it('reads a lost last entry after the heads are announced', async () => {
    const chat = stubs.newChat();
    const client = await joined(chat);
    chat.appendMessage();
    chat.announceHead('message');
    await client.receives('newMessage');
    chat.append(chatStatusChanged, { chatId: chat.id, status: 'CLOSED' });
    chat.announceHead('chat');
    expect(await client.receives('chatStatusChanged')).toEqual([{ chatId: chat.id, status: 'CLOSED' }]);
    stubs.newChat().announceHead('message');
    await settled(chat, client);
    expect(client.seqs).toEqual([1, 2]);
  });

  it('reads what its first snapshot, from a projection that lagged, did not hold', async () => {
    const chat = stubs.newChat();
    chat.append(chatStatusChanged, { chatId: chat.id, status: 'CLOSED' });
    stubs.joinChat = async (payload, context) => {
      const snapshot = await normal.joinChat(payload, context);
      return { ...snapshot, revs: { ...snapshot.revs, chat: 0 } };
    };
    const client = await joined(chat);
    expect(await client.receives('chatStatusChanged')).toEqual([{ chatId: chat.id, status: 'CLOSED' }]);
  });

  it('replies to a join in time without the status changes when reading them fails', async () => {
    const chat = stubs.newChat();
    chat.append(chatStatusChanged, { chatId: chat.id, status: 'CLOSED' });
    stubs.joinChat = async (payload, context) => {
      const snapshot = await normal.joinChat(payload, context);
      await new Promise((resolve) => {
        setTimeout(resolve, 1_000);
      });
      return { ...snapshot, recovered: true, chatRevThen: 0 };
    };
    const never = Promise.withResolvers<never>();
    stubs.readLog = () => () => never.promise;
    const client = await gateway.connect();
    const began = performance.now();
    expect(await client.join(chat.id)).toMatchObject({
      event: 'joinedChat',
      data: { recovered: true, statusChanges: [] },
    });
    expect(performance.now() - began).toBeLessThan(2_000);
    never.reject(new Failure('UNAVAILABLE'));
  });

  it('replies to a join with all missed events while presence-service hangs', async () => {
    const chat = stubs.newChat();
    chat.append(chatStatusChanged, { chatId: chat.id, status: 'CLOSED' });
    stubs.joinChat = async (payload, context) => ({
      ...(await normal.joinChat(payload, context)),
      recovered: true,
      chatRevThen: 0,
    });
    const never = Promise.withResolvers<never>();
    const { enterChat } = stubs;
    stubs.enterChat = () => never.promise;
    const client = await gateway.connect();
    expect(await client.join(chat.id)).toMatchObject({
      event: 'joinedChat',
      data: { statusChanges: [{ chatId: chat.id, status: 'CLOSED' }] },
    });
    stubs.enterChat = enterChat;
    never.reject(new Failure('UNAVAILABLE'));
  });

  it('skips entries that are not for sockets and delivers the next ones', async () => {
    const chat = stubs.newChat();
    const client = await joined(chat);
    chat.publish(chat.append(chatOpened, { chatId: chat.id, clientId: 1 }));
    chat.publish(chat.append(chatStatusChanged, { chatId: chat.id, status: 'ACTIVE' }));
    await client.receives('chatStatusChanged');
    expect(client.received.map(({ event }) => event)).toEqual(['chatStatusChanged']);
  });

  it('delivers an event for others to no socket of its author', async () => {
    const chat = stubs.newChat();
    const [one, two, other] = [await joined(chat), await joined(chat), await joined(chat, admin)];
    chat.publish(chat.append(messagesRead, { chatId: chat.id, userId: owner.id, messageIds: [] }));
    stubs.presence.publish(
      participantUpdate,
      chat.id,
      { chatId: chat.id, userId: owner.id, action: 'joined', timestamp: '2026-01-02T03:04:05.678Z' },
      newTrace(),
    );
    await other.receives('messagesRead');
    await other.receives('participantUpdate');
    for (const client of [one, two]) {
      await settled(chat, client);
      expect(client.payloads('messagesRead')).toEqual([]);
      expect(client.payloads('participantUpdate')).toEqual([]);
    }
  });

  it('ends typing before it delivers the message', async () => {
    const chat = stubs.newChat();
    const [author, other] = [await joined(chat, admin), await joined(chat)];
    stubs.presence.publish(
      userTyping,
      chat.id,
      { chatId: chat.id, userId: admin.id, email: admin.email, isTyping: true },
      newTrace(),
    );
    await other.receives('userTyping');
    chat.publishMessages(1, admin);
    await other.receives('newMessage');
    expect(other.received).toMatchObject([
      { event: 'userTyping', args: [{ isTyping: true }] },
      { event: 'userTyping', args: [{ isTyping: false }] },
      { event: 'newMessage' },
    ]);
    await author.receives('newMessage');
    expect(author.payloads('userTyping')).toEqual([]);
  });

  it('is subscribed while a socket is in it, and no longer', async () => {
    const chat = stubs.newChat();
    await waitFor(async () => !(await isFollowed(chat)), { what: 'the room to be let go' });
    const [one, two] = [await joined(chat), await joined(chat)];
    expect(await isFollowed(chat)).toBe(true);
    expect(await one.request('leaveChat', chat.id)).toMatchObject({ event: 'leftChat', data: chat.id });
    expect(await isFollowed(chat)).toBe(true);
    two.close();
    await waitFor(async () => !(await isFollowed(chat)), { what: 'the room to be left' });
    chat.publishMessages();
    const again = await joined(chat);
    await settled(chat, again);
    expect(again.seqs).toEqual([2]);
    expect(one.seqs).toEqual([]);
  });

  it('is not subscribed for a refused join', async () => {
    const chat = stubs.newChat();
    stubs.joinChat = () => Promise.reject(new Failure('CHAT_NOT_FOUND'));
    const client = await gateway.connect();
    expect(await client.join(chat.id)).toMatchObject({ code: 'CHAT_NOT_FOUND' });
    await waitFor(async () => !(await isFollowed(chat)), { what: 'the room to be let go' });
  });
});

describe('joining', () => {
  it('replies with the snapshot without the positions of the logs', async () => {
    const chat = stubs.newChat();
    chat.publishMessages(3);
    const client = await gateway.connect();
    const { data } = await client.join(chat.id);
    expect(data).toEqual({ chatId: chat.id, status: 'ACTIVE', messages: chat.messages });
  });

  it('delivers what came between subscribing and the snapshot once, after the reply', async () => {
    const chat = stubs.newChat();
    chat.publishMessages(2);
    stubs.joinChat = async (payload, context) => {
      const snapshot = await normal.joinChat.call(stubs, payload, context);
      chat.publishMessages(2);
      await stubs.message.flush();
      return snapshot;
    };
    const client = await gateway.connect();
    client.socket.emit('joinChat', chat.id);
    await client.receives('newMessage', 2);
    expect(client.received.map(({ event }) => event)).toEqual(['joinedChat', 'newMessage', 'newMessage']);
    await settled(chat, client);
    expect(client.seqs).toEqual([3, 4, 5]);
  });

  it('does not deliver what the snapshot holds', async () => {
    const chat = stubs.newChat();
    stubs.joinChat = async (payload, context) => {
      chat.publishMessages(3);
      await stubs.message.flush();
      return normal.joinChat.call(stubs, payload, context);
    };
    const client = await joined(chat);
    await settled(chat, client);
    expect(client.seqs).toEqual([4]);
  });

  it('delivers to both sockets that start a room at once, in either order of their snapshots', async () => {
    const chat = stubs.newChat();
    chat.publishMessages(1);
    const gate = Promise.withResolvers<undefined>();
    let calls = 0;
    stubs.joinChat = async (payload, context) => {
      const snapshot = await normal.joinChat.call(stubs, payload, context);
      if (++calls === 1) await gate.promise;
      return snapshot;
    };
    const [early, late] = [await gateway.connect(), await gateway.connect(admin)];
    early.socket.emit('joinChat', chat.id);
    await waitFor(() => calls === 1, { what: 'the first snapshot to be taken' });
    chat.publishMessages(2);
    expect(await late.join(chat.id)).toMatchObject({
      data: { messages: [{ seq: 1 }, { seq: 2 }, { seq: 3 }] },
    });
    chat.publishMessages(1);
    await late.receives('newMessage', 1);
    gate.resolve(undefined);
    await early.receives('joinedChat');
    for (const client of [early, late]) await settled(chat, client);
    expect(early.seqs).toEqual([2, 3, 4, 5, 6]);
    expect(late.seqs).toEqual([4, 5, 6]);
    expect(early.received[0]?.event).toBe('joinedChat');
  });

  it('again delivers everything once', async () => {
    const chat = stubs.newChat();
    const client = await joined(chat);
    chat.publishMessages(2);
    await client.receives('newMessage', 2);
    await client.join(chat.id);
    await client.join(chat.id);
    await settled(chat, client);
    expect(client.seqs).toEqual([1, 2, 3]);
  });

  it('again keeps the room without a gap when it fails with a retryable error', async () => {
    const chat = stubs.newChat();
    const client = await joined(chat);
    stubs.joinChat = async () => {
      chat.publishMessages(2);
      await stubs.message.flush();
      throw new Failure('UNAVAILABLE');
    };
    expect(await client.join(chat.id)).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    await settled(chat, client);
    expect(client.seqs).toEqual([1, 2, 3]);
  });

  it('again leaves the room when it fails with a final error', async () => {
    const chat = stubs.newChat();
    const [client, other] = [await joined(chat), await joined(chat)];
    stubs.joinChat = () => Promise.reject(new Failure('CHAT_NOT_FOUND'));
    expect(await client.join(chat.id)).toMatchObject({ code: 'CHAT_NOT_FOUND' });
    await settled(chat, other);
    await client.request('getActiveUsers', chat.id);
    expect(client.seqs).toEqual([]);
  });

  it('catches up through the logs when a snapshot is behind what the room has delivered', async () => {
    const chat = stubs.newChat();
    const first = await joined(chat);
    chat.publish(chat.append(chatStatusChanged, { chatId: chat.id, status: 'CLOSED' }));
    await first.receives('chatStatusChanged');
    stubs.joinChat = async (payload, context) => ({
      ...(await normal.joinChat.call(stubs, payload, context)),
      revs: { chat: 0, message: 0 },
    });
    const second = await joined(chat);
    expect(await second.receives('chatStatusChanged')).toEqual([{ chatId: chat.id, status: 'CLOSED' }]);
    await settled(chat, second);
    expect(second.payloads('chatStatusChanged')).toHaveLength(1);
  });
});

describe('after an outage of NATS', () => {
  it('reads missed entries and continues', async () => {
    const chat = stubs.newChat();
    const client = await joined(chat);
    await raw.close();
    await gateway.nats.kill();
    chat.appendMessage();
    chat.append(chatStatusChanged, { chatId: chat.id, status: 'CLOSED' });
    expect(await client.request('sendMessage', { chatId: chat.id, message: { text: 'hi' } })).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
    let refused = 0;
    stubs.readHeads = (by) => (payload, context) =>
      ++refused <= 4 ? Promise.reject(new Failure('UNAVAILABLE')) : normal.readHeads(by)(payload, context);
    await gateway.nats.restart();
    await client.receives('newMessage');
    await client.receives('chatStatusChanged');
    await waitFor(() => stubs.all.every((bus) => bus.isConnected), { what: 'the stubs to be back' });
    await settled(chat, client);
    expect(client.seqs).toEqual([1, 2]);
    raw = await connectRaw(gateway.nats, 'message-service');
  });
});
