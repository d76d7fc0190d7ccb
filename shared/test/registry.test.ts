import { describe, expect, it } from '@jest/globals';
import {
  chatContracts,
  chatHeads,
  edgeEvents,
  edgeRequests,
  errorDetails,
  featureNames,
  features,
  integrationEvents,
  messageContracts,
  messageHeads,
  presenceContracts,
  presenceEvents,
  requestContracts,
  roomEvents,
  socketRoomEvents,
  webhookContracts,
  type FeatureContract,
  type IntegrationEvent,
} from '@switchboard/shared/contracts';
import { isErrorCode } from '@switchboard/shared/errors';

const sockets = [...requestContracts, ...edgeRequests].flatMap(({ socket }) =>
  socket === undefined ? [] : [socket],
);
const routes = [...requestContracts, ...edgeRequests].flatMap(({ http }) =>
  http === undefined ? [] : [http],
);
const once = (names: readonly string[]): boolean => new Set(names).size === names.length;

describe('the registry', () => {
  it('names every Socket.IO event, reply and HTTP route once', () => {
    expect(once(sockets.map(({ event }) => event))).toBe(true);
    expect(once(routes.map(({ method, path }) => `${method} ${path}`))).toBe(true);
    expect(once(roomEvents.map(({ event }) => event))).toBe(true);
  });

  it('names each event that a socket receives once', () => {
    const received = [
      ...sockets.map(({ reply }) => reply),
      ...socketRoomEvents.map(({ socketEvent }) => socketEvent),
      ...Object.keys(edgeEvents),
      'error',
    ];
    expect(once(received)).toBe(true);
  });

  it('lets clients reach only requests with an actor or a machine, on public subjects', () => {
    for (const { socket, http, caller, subject } of requestContracts) {
      if (socket === undefined && http === undefined) continue;
      expect({ subject, callers: socket === undefined ? ['user', 'machine'] : ['user'] }).toEqual({
        subject,
        callers: expect.arrayContaining([caller]),
      });
      expect(subject).not.toMatch(/^internal\./);
    }
  });

  it('holds every contract of every owner', () => {
    const all = [chatContracts, messageContracts, presenceContracts, webhookContracts].flatMap((contracts) =>
      Object.values<unknown>(contracts),
    );
    expect(new Set<unknown>(requestContracts)).toEqual(new Set(all));
  });

  it.each(Object.entries(errorDetails))(
    'has a valid example of the details of %s',
    (_code, { details, example }) => {
      expect(details.safeParse(example).error).toBeUndefined();
    },
  );

  it('names only errors that exist', () => {
    for (const { errors } of requestContracts)
      expect(errors.filter((code) => !isErrorCode(code))).toEqual([]);
  });

  it('lets clients reach every request of the edge', () => {
    for (const { socket, http } of edgeRequests) expect(socket ?? http).toBeDefined();
  });

  it('splits batches into payloads of events that exist', () => {
    const contracts = [...requestContracts, ...edgeRequests];
    const batches = contracts.filter(({ socket }) => socket?.batch !== undefined);
    expect(batches.length).toBeGreaterThan(0);
    for (const { payload, socket, example } of batches) {
      const batch = socket?.batch;
      const of = contracts.find((contract) => contract.socket?.event === batch?.of);
      const parts = batch?.parts(payload.parse(example.payload)) ?? [];
      expect(parts.length).toBeGreaterThan(1);
      for (const part of parts) expect(of?.payload.safeParse(part).error).toBeUndefined();
    }
  });

  it('names features of contracts that exist', () => {
    const contracts = new Set<FeatureContract>([
      ...requestContracts,
      ...edgeRequests,
      ...roomEvents,
      ...Object.values(edgeEvents),
    ]);
    for (const [name, parts] of Object.entries<readonly FeatureContract[]>(features))
      expect([name, parts.length > 0, parts.filter((part) => !contracts.has(part))]).toEqual([
        name,
        true,
        [],
      ]);
    expect(featureNames).toEqual(expect.arrayContaining(['ready', 'limits']));
    for (const name of featureNames) expect(name).toMatch(/^[a-z][A-Za-z]+$/);
  });

  it('lets only existing events end an expiry', () => {
    const events = roomEvents.map(({ event }) => event);
    for (const { expiry } of roomEvents)
      expect(events).toEqual(expect.arrayContaining([...(expiry?.endedBy ?? [])]));
    const typing = {
      chatId: '0193a1b2-0000-7000-8000-000000000001',
      userId: 7,
      email: 'a@b.c',
      isTyping: true,
    };
    expect(presenceEvents.userTyping.expiry?.while(typing)).toBe(true);
    expect(presenceEvents.userTyping.expiry?.then(typing)).toEqual({ ...typing, isTyping: false });
    expect(presenceEvents.userTyping.expiry?.afterMs).toBe(6_000);
    expect(presenceEvents.userTyping.author(typing)).toBe(7);
  });
});

describe('a contract', () => {
  const events: readonly IntegrationEvent[] = Object.values(integrationEvents);
  const requests = [...requestContracts, ...edgeRequests];

  it.each(
    requests.map(
      (contract) =>
        [
          'subject' in contract ? contract.subject : (contract.socket?.event ?? contract.http?.path),
          contract,
        ] as const,
    ),
  )('%s has a valid example', (_name, { payload, reply, example, socket, description }) => {
    expect(payload.safeParse(example.payload).error).toBeUndefined();
    expect(reply.safeParse(example.reply).error).toBeUndefined();
    if (socket?.form !== undefined)
      for (const schema of [socket.form.payload, socket.form.shown ?? socket.form.payload])
        expect(schema.safeParse(socket.form.example).error).toBeUndefined();
    expect(description).toMatch(/^[A-Z`].*\.$/);
  });

  it.each(
    [...roomEvents, ...Object.values(edgeEvents), chatHeads, messageHeads].map(
      (contract) => ['event' in contract ? contract.event : contract.subject, contract] as const,
    ),
  )('%s has a valid example', (_name, { payload, example, description }) => {
    expect(payload.safeParse(example).error).toBeUndefined();
    expect(description).toMatch(/^[A-Z`].*\.$/);
  });

  it.each(events.map((event) => [event.routingKey, event] as const))(
    '%s has a valid example',
    (_name, { data, example, description }) => {
      expect(data.safeParse(example).error).toBeUndefined();
      expect(description).toMatch(/^[A-Z`].*\.$/);
    },
  );

  it('is an integration event exactly if it is durable, under its routing key', () => {
    for (const { durable, integration } of roomEvents) expect(integration !== undefined).toBe(durable);
    for (const [key, { routingKey }] of Object.entries(integrationEvents)) expect(routingKey).toBe(key);
    expect(events).toHaveLength(roomEvents.filter(({ durable }) => durable).length);
  });

  it('names a list of joinedChat in which returning sockets catch up, if sockets receive it', () => {
    const lists = Object.keys(messageContracts.joinChat.socket?.data.shape ?? {});
    for (const { durable, socket, catchUp } of roomEvents)
      if (durable && socket) expect(lists).toContain(catchUp);
  });
});

describe('a payload from a client', () => {
  const chatId = '0193a1b2-0000-7000-8000-000000000001';
  const payloadOf = (event: string, data: unknown): unknown =>
    sockets.find((socket) => socket.event === event)?.form?.payload.parse(data);

  it('may be a bare chat id where the API says so', () => {
    expect(payloadOf('joinChat', chatId)).toEqual({ chatId });
    expect(payloadOf('joinChat', { chatId })).toEqual({ chatId });
    expect(payloadOf('leaveChat', chatId)).toEqual({ chatId, how: 'left' });
    expect(payloadOf('getActiveUsers', chatId)).toEqual({ chatId });
  });

  it('arrives from a URL as strings', () => {
    const list = requestContracts.find(({ subject }) => subject === 'chat.v1.list')?.http?.input;
    expect(list?.parse({ limit: '20', status: 'PENDING' })).toEqual({ limit: 20, status: 'PENDING' });
    for (const limit of ['0', '101', '1e1', '-1', ' 5', '5.0', ''])
      expect(list?.safeParse({ limit }).success).toBe(false);
  });
});
