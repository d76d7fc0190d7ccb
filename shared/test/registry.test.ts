import { describe, expect, it } from '@jest/globals';
import { chatContracts, chatHeads, edgeRequests, integrationEvents, messageContracts, messageHeads, newMessage, presenceContracts, requestContracts, roomEvents, tokenExpiring, userTyping, webhookContracts, type IntegrationEvent } from '@switchboard/shared/contracts';
import { isErrorCode } from '@switchboard/shared/errors';

const sockets = [...requestContracts, ...edgeRequests].flatMap(({ socket }) => (socket === undefined ? [] : [socket]));
const routes = requestContracts.flatMap(({ http }) => (http === undefined ? [] : [http]));
const once = (names: readonly string[]): boolean => new Set(names).size === names.length;

describe('the registry', () => {
  it('offers sockets exactly these events and replies', () => {
    expect(Object.fromEntries(sockets.map(({ event, reply }) => [event, reply]))).toEqual({
      joinChat: 'joinedChat',
      leaveChat: 'leftChat',
      sendMessage: 'messageSent',
      typing: 'typing',
      readMessages: 'messagesMarkedRead',
      getActiveUsers: 'activeUsers',
      refreshToken: 'tokenRefreshed',
    });
    expect(once(sockets.map(({ event }) => event))).toBe(true);
  });

  it('offers HTTP exactly these routes', () => {
    expect(routes.map(({ method, path, status = 200 }) => `${method} ${path} ${status}`)).toEqual([
      'post /chats 201',
      'get /chats 200',
      'get /chats/:chatId 200',
      'patch /chats/:chatId 200',
      'get /chats/:chatId/messages 200',
      'post /admin/revocations 201',
      'post /admin/webhooks 201',
      'get /admin/webhooks 200',
      'delete /admin/webhooks/:webhookId 200',
      'get /admin/webhooks/:webhookId/deliveries 200',
      'post /admin/webhooks/:webhookId/replay 200',
    ]);
    expect(once(routes.map(({ method, path }) => `${method} ${path}`))).toBe(true);
  });

  it('lets sockets hear exactly these events', () => {
    expect(roomEvents.filter(({ socket }) => socket).map(({ event, to }) => `${event} to ${to}`)).toEqual([
      'chatStatusChanged to everyone',
      'newMessage to everyone',
      'messagesRead to others',
      'participantUpdate to others',
      'userTyping to others',
    ]);
    expect(once(roomEvents.map(({ event }) => event))).toBe(true);
  });

  it('names no two things alike that one socket hears', () => {
    const heard = [...sockets.map(({ reply }) => reply), ...roomEvents.filter(({ socket }) => socket).map(({ event }) => event), tokenExpiring.event, 'error'];
    expect(once(heard)).toBe(true);
  });

  it('lets clients ask only what carries who asks, and only at the owner\'s public door', () => {
    for (const { socket, http, caller, subject } of requestContracts) {
      if (socket === undefined && http === undefined) continue;
      expect({ subject, callers: socket === undefined ? ['user', 'machine'] : ['user'] }).toEqual({ subject, callers: expect.arrayContaining([caller]) });
      expect(subject).not.toMatch(/^internal\./);
    }
  });

  it('holds every contract of every owner', () => {
    const all = [chatContracts, messageContracts, presenceContracts, webhookContracts].flatMap((contracts) => Object.values<unknown>(contracts));
    expect(new Set<unknown>(requestContracts)).toEqual(new Set(all));
  });

  it('names only errors that exist', () => {
    for (const { errors } of requestContracts) expect(errors.filter((code) => !isErrorCode(code))).toEqual([]);
  });

  it('ends what expires by events that exist', () => {
    const events = roomEvents.map(({ event }) => event);
    for (const { expiry } of roomEvents) expect(events).toEqual(expect.arrayContaining([...(expiry?.endedBy ?? [])]));
    const typing = { chatId: '0193a1b2-0000-7000-8000-000000000001', userId: 7, email: 'a@b.c', isTyping: true };
    expect(userTyping.expiry?.while(typing)).toBe(true);
    expect(userTyping.expiry?.then(typing)).toEqual({ ...typing, isTyping: false });
    expect(userTyping.expiry?.afterMs).toBe(6_000);
    expect(userTyping.author(typing)).toBe(7);
  });

  it('keeps a log of what must not be lost', () => {
    expect(roomEvents.filter(({ durable }) => durable).map(({ event }) => event)).toEqual(['chatOpened', 'chatAssigned', 'chatStatusChanged', 'newMessage', 'messagesRead']);
    expect(newMessage.owner).toBe('message');
  });
});

describe('a contract', () => {
  const events: readonly IntegrationEvent[] = Object.values(integrationEvents);
  const asked = [...requestContracts, ...edgeRequests];

  it.each(asked.map((contract) => ['subject' in contract ? contract.subject : contract.socket.event, contract] as const))('%s has an example that is one', (_name, { payload, reply, example, socket, description }) => {
    expect(payload.safeParse(example.payload).error).toBeUndefined();
    expect(reply.safeParse(example.reply).error).toBeUndefined();
    if (socket?.form !== undefined) for (const schema of [socket.form.payload, socket.form.shown ?? socket.form.payload]) expect(schema.safeParse(socket.form.example).error).toBeUndefined();
    expect(description).toMatch(/^[A-Z`].*\.$/);
  });

  it.each([...roomEvents, tokenExpiring, chatHeads, messageHeads].map((contract) => ['event' in contract ? contract.event : contract.subject, contract] as const))('%s has an example that is one', (_name, { payload, example, description }) => {
    expect(payload.safeParse(example).error).toBeUndefined();
    expect(description).toMatch(/^[A-Z`].*\.$/);
  });

  it.each(events.map((event) => [event.routingKey, event] as const))('%s has an example that is one', (_name, { data, example, description }) => {
    expect(data.safeParse(example).error).toBeUndefined();
    expect(description).toMatch(/^[A-Z`].*\.$/);
  });

  it('that is durable leaves for other systems, and no other does', () => {
    expect(roomEvents.filter(({ durable }) => durable).map(({ integration }) => integration?.routingKey).toSorted()).toEqual(Object.keys(integrationEvents).toSorted());
    expect(roomEvents.filter(({ durable, integration }) => !durable && integration !== undefined)).toEqual([]);
    for (const [key, { routingKey }] of Object.entries(integrationEvents)) expect(routingKey).toBe(key);
  });
});

describe('what a client says', () => {
  const chatId = '0193a1b2-0000-7000-8000-000000000001';
  const payloadOf = (event: string, data: unknown): unknown => sockets.find((socket) => socket.event === event)?.form?.payload.parse(data);

  it('may be a bare chat id where the API says so', () => {
    expect(payloadOf('joinChat', chatId)).toEqual({ chatId });
    expect(payloadOf('joinChat', { chatId })).toEqual({ chatId });
    expect(payloadOf('leaveChat', chatId)).toEqual({ chatId, how: 'left' });
    expect(payloadOf('getActiveUsers', chatId)).toEqual({ chatId });
  });

  it('comes from a URL as strings', () => {
    const list = requestContracts.find(({ subject }) => subject === 'chat.v1.list')?.http?.input;
    expect(list?.parse({ limit: '20', status: 'PENDING' })).toEqual({ limit: 20, status: 'PENDING' });
    for (const limit of ['0', '101', '1e1', '-1', ' 5', '5.0', '']) expect(list?.safeParse({ limit }).success).toBe(false);
  });
});
