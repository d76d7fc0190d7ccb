import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Bus } from '@switchboard/shared/bus';
import { chatContracts, type Actor } from '@switchboard/shared/contracts';
import { connectRaw, startNats, waitFor, type TestNats } from '@switchboard/infra/test';
import { Buses } from './buses.ts';
import { failureOf } from './failure-of.ts';

// The bus's wire format, seen by a bare NATS client.

const { readLog, getChat } = chatContracts;
const chatId = '0193a1b2-0000-7000-8000-000000000001';
const actor: Actor = { id: 7, email: 'a@b.c', role: 'client' };
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
const chat = {
  id: chatId,
  clientId: 7,
  status: 'PENDING',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
} as const;

let nats: TestNats;
let raw: NatsConnection;
const buses = new Buses();

beforeAll(async () => {
  nats = await startNats();
});
afterEach(async () => {
  await buses.close();
  await raw.close();
});
afterAll(() => nats.stop());

interface WireRequest {
  id: number;
  payload: { after: number };
}

describe('requests on the wire', () => {
  let received: { message: Msg; requests: WireRequest[] }[];
  let gateway: Bus;

  /** A bare owner of `readLog` that replies to a batch by `respond`. */
  async function bareOwner(answer: (message: Msg, requests: WireRequest[]) => void): Promise<void> {
    received = [];
    raw = await connectRaw(nats, 'chat-service');
    raw.subscribe(readLog.subject, {
      queue: 'chat-service',
      callback: (_, message) => {
        const requests = message.json<WireRequest[]>();
        received.push({ message, requests });
        answer(message, requests);
      },
    });
    await raw.flush();
    gateway = await buses.connect(nats, 'gateway');
  }

  const request = (after: number, timeoutMs = 2_000): Promise<{ entries: unknown[]; hasMore: boolean }> =>
    gateway.request(readLog, { chatId, after, limit: 1 }, { timeoutMs });
  const entry = (rev: number) => ({ event: 'x', rev, payload: rev });
  /** Two lines. */
  const replyTo = ({ id, payload }: WireRequest) =>
    `{"id":${id}}\n${JSON.stringify({ entries: [entry(payload.after)], hasMore: false })}`;
  const failed =
    (code: string) =>
    ({ id }: WireRequest) =>
      `{"id":${id},"failure":{"code":"${code}"}}\nnull`;

  it('of one tick share one message, and each gets its own reply', async () => {
    await bareOwner((message, requests) => {
      message.respond(requests.toReversed().map(replyTo).join('\n'));
    });
    const replies = await Promise.all(Array.from({ length: 100 }, (_, n) => request(n)));
    expect(replies.map(({ entries }) => entries)).toEqual(Array.from({ length: 100 }, (_, n) => [entry(n)]));
    expect(received).toHaveLength(1);
    await request(5);
    expect(received).toHaveLength(2);
  });

  it("carry their own deadline, trace and actor, and name the caller's inbox", async () => {
    await bareOwner((message, requests) => {
      message.respond(requests.map(replyTo).join('\n'));
    });
    const trace = {
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      isSampled: false,
      origin: 'here',
    };
    await Promise.all([
      request(1, 700),
      gateway.request(readLog, { chatId, after: 2, limit: 1 }, { actor, trace }),
    ]);
    expect(received.flatMap(({ requests }) => requests)).toEqual([
      { id: expect.any(Number), ttlMs: 700, payload: { chatId, after: 1, limit: 1 } },
      {
        id: expect.any(Number),
        ttlMs: 1_500,
        traceparent: expect.stringMatching(
          /^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[0-9a-f]{16}-00$/,
        ),
        origin: 'here',
        actor,
        payload: { chatId, after: 2, limit: 1 },
      },
    ]);
    expect(received[0]?.message.reply).toMatch(/^_INBOX\.gateway\.[0-9a-f-]{36}\.1$/);
  });

  it('accept replies one by one, in any order, and time out without one', async () => {
    await bareOwner((message, requests) => {
      for (const request of requests.toReversed())
        if (request.payload.after !== 2) message.respond(replyTo(request));
    });
    const pending = [request(1, 300), request(2, 300), request(3, 300)].map((one) =>
      one.then(
        ({ entries }) => entries[0],
        (error: unknown) => error,
      ),
    );
    expect(await Promise.all(pending)).toEqual([
      entry(1),
      expect.objectContaining({ code: 'TIMEOUT' }),
      entry(3),
    ]);
  });

  it('ignore foreign, repeated and unreadable replies', async () => {
    await bareOwner((message, requests) => {
      message.respond('{"id":9999}\n"unknown id"');
      message.respond(JSON.stringify({ id: requests[0]?.id }));
      message.respond('no JSON');
      message.respond('no JSON\n{}');
      message.respond(requests.map(replyTo).join('\n'));
      message.respond(requests.map(failed('INTERNAL')).join('\n'));
    });
    expect(await request(4)).toMatchObject({ entries: [entry(4)] });
    expect(await request(5)).toMatchObject({ entries: [entry(5)] });
  });

  it('fail with INTERNAL for a code that only a newer owner knows', async () => {
    await bareOwner((message, requests) => {
      message.respond(requests.map(failed('NEW_CODE')).join('\n'));
    });
    expect(await failureOf(() => request(1))).toMatchObject({ code: 'INTERNAL' });
  });
});

/** Two lines each. */
const answersIn = (text: string): unknown[] =>
  Object.values(Object.groupBy(text.split('\n').entries(), ([line]) => Math.floor(line / 2))).map((pair) => ({
    ...(JSON.parse(pair?.[0]?.[1] ?? '') as object),
    reply: JSON.parse(pair?.[1]?.[1] ?? ''),
  }));

describe('replies on the wire', () => {
  const inbox = '_INBOX.gateway.raw.1';
  let replies: unknown[][];

  /** A bare gateway, and a chat-service with this handler for `getChat`. */
  async function bareGateway(handler: () => Promise<typeof chat>): Promise<void> {
    const service = await buses.connect(nats, 'chat-service');
    service.serve(
      { getChat },
      {
        getChat: (_, context) =>
          context.actor.id === 8
            ? waitFor(() => context.isExpired, { what: 'the request to expire' }).then(handler)
            : handler(),
      },
    );
    await service.flush();
    replies = [];
    raw = await connectRaw(nats, 'gateway');
    raw.subscribe(inbox, {
      callback: (_, message) => {
        replies.push(answersIn(message.string()));
      },
    });
  }

  const request = (id: number, more: object = {}) => ({
    id,
    actor,
    ttlMs: 2_000,
    traceparent,
    payload: { chatId },
    ...more,
  });
  const send = (...requests: unknown[]): void => {
    raw.publish(getChat.subject, JSON.stringify(requests), { reply: inbox });
  };

  it('of one tick share one message', async () => {
    await bareGateway(() => Promise.resolve(chat));
    send(request(1), request(2, { payload: { chatId: 'x' } }), request(3));
    await waitFor(() => replies.flat().length === 3, { what: 'three replies' });
    expect(replies).toHaveLength(1);
    expect(replies[0]).toEqual(
      expect.arrayContaining([
        { id: 1, reply: chat },
        { id: 2, failure: expect.objectContaining({ code: 'CHAT_NOT_FOUND' }), reply: null },
        { id: 3, reply: chat },
      ]),
    );
  });

  it('are not sent after the deadline', async () => {
    let done = 0;
    await bareGateway(() => {
      done += 1;
      return Promise.resolve(chat);
    });
    send(request(1, { ttlMs: 30, actor: { ...actor, id: 8 } }));
    await waitFor(() => done === 1, { what: 'the late work to end' });
    send(request(2));
    await waitFor(() => replies.length > 0, { what: 'a reply' });
    expect(replies).toEqual([[{ id: 2, reply: chat }]]);
  });

  it('are sent for valid requests among unreadable ones', async () => {
    await bareGateway(() => Promise.resolve(chat));
    raw.publish(getChat.subject, 'no JSON', { reply: inbox });
    raw.publish(getChat.subject, '{}', { reply: inbox });
    raw.publish(getChat.subject, JSON.stringify([{ id: 'x' }]), { reply: inbox });
    raw.publish(getChat.subject, JSON.stringify([request(1)]));
    send(
      request(1, { actor: { ...actor, email: 'a\0b' } }),
      request(2, { later: 'a field of a newer gateway' }),
      7,
    );
    await waitFor(() => replies.length > 0, { what: 'a reply' });
    expect(replies).toEqual([[{ id: 2, reply: chat }]]);
  });
});
