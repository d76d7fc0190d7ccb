import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Bus, type Handler } from '@switchboard/shared/bus';
import { newTrace } from '@switchboard/shared/telemetry';
import { chatContracts, type Actor } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { silent, startNats, waitFor, type TestNats } from '@switchboard/infra/test';
import { Buses } from './buses.ts';
import { failureOf } from './failure-of.ts';

// Requests over a real NATS between services and gateways.

const chatId = '0193a1b2-0000-7000-8000-000000000001';
const actor: Actor = { id: 7, email: 'a@b.c', role: 'client' };
const chat = {
  id: chatId,
  clientId: 7,
  status: 'PENDING',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
} as const;
const { getChat, lookUpChat, ping } = chatContracts;

let nats: TestNats;
const buses = new Buses();
let gateway: Bus;

beforeAll(async () => {
  nats = await startNats();
});
afterEach(() => buses.close());
afterAll(() => nats.stop());

/** A chat-service with this handler for `getChat`, and a gateway that sends requests to it. */
async function serving(handler: Handler<typeof getChat>, replicas = 1): Promise<Bus[]> {
  const services = await Promise.all(
    Array.from({ length: replicas }, () => buses.connect(nats, 'chat-service')),
  );
  for (const service of services) {
    service.serve({ getChat }, { getChat: handler });
    await service.flush();
  }
  gateway = await buses.connect(nats, 'gateway');
  return services;
}

const tenChats = { status: 'PENDING', limit: 10 } as const;

describe('a request', () => {
  it('delivers actor, socket and trace to the owner, and returns the reply', async () => {
    const seen: unknown[] = [];
    await serving((payload, context) => {
      seen.push({ payload, actor: context.actor, socket: context.socket, trace: context.trace });
      return Promise.resolve(chat);
    });
    const trace = newTrace();
    const socket = { id: 's', gatewayId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' };
    expect(await gateway.request(getChat, { chatId }, { actor, socket, trace })).toEqual(chat);
    expect(seen).toEqual([
      {
        payload: { chatId },
        actor,
        socket,
        trace: { ...trace, spanId: expect.not.stringMatching(trace.spanId) },
      },
    ]);
  });

  it('drops fields of the reply that only a newer owner knows', async () => {
    const added = { ...chat, mood: 'good' };
    await serving(() => Promise.resolve(added));
    expect(await gateway.request(getChat, { chatId }, { actor })).toEqual(chat);
    expect((await gateway.forward(getChat, { chatId, later: true }, { actor })).toJSON()).toEqual(added);
  });

  it('fails at once with UNAVAILABLE when no replica serves it', async () => {
    gateway = await buses.connect(nats, 'gateway');
    const began = performance.now();
    expect(await failureOf(() => gateway.request(getChat, { chatId }, { actor }))).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('fails with UNAVAILABLE for each request of a batch', async () => {
    gateway = await buses.connect(nats, 'gateway');
    const failures = await Promise.all(
      Array.from({ length: 5 }, () =>
        failureOf(() => gateway.request(getChat, { chatId }, { actor, timeoutMs: 20_000 })),
      ),
    );
    expect(failures.map(({ code }) => code)).toEqual(Array.from({ length: 5 }, () => 'UNAVAILABLE'));
  });

  it('fails with TIMEOUT when no reply comes in time', async () => {
    let release = (): void => undefined;
    await serving(async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return chat;
    });
    const began = performance.now();
    expect(
      await failureOf(() => gateway.request(getChat, { chatId }, { actor, timeoutMs: 100 })),
    ).toMatchObject({ code: 'TIMEOUT', retryable: true });
    expect(performance.now() - began).toBeLessThan(1_000);
    release();
  });

  it('fails with the code and details of the owner', async () => {
    await serving(() =>
      Promise.reject(
        new Failure('CHAT_CONFLICT', { status: 'ACTIVE', adminId: 9 }, { cause: new Error('secret') }),
      ),
    );
    const failure = await failureOf(() => gateway.request(getChat, { chatId }, { actor }));
    expect(failure).toMatchObject({ code: 'CHAT_CONFLICT', details: { status: 'ACTIVE', adminId: 9 } });
    expect(failure.cause).toBeUndefined();
  });

  it('fails with INTERNAL, without the reason, when the handler throws an unknown error', async () => {
    await serving(() => {
      throw new TypeError('password=secret');
    });
    const failure = await failureOf(() => gateway.request(getChat, { chatId }, { actor }));
    expect(failure).toMatchObject({
      code: 'INTERNAL',
      retryable: false,
      message: 'Something went wrong on our side.',
      details: undefined,
    });
    expect(JSON.stringify(failure)).not.toContain('secret');
  });

  it('is rejected without an actor exactly when the contract requires one', async () => {
    const [service] = await serving(() => Promise.resolve(chat));
    service?.serve({ ping }, { ping: () => Promise.resolve({ ready: true as const }) });
    await service?.flush();
    expect(await failureOf(() => gateway.request(getChat, { chatId }))).toMatchObject({
      code: 'UNAUTHORIZED',
    });
    expect(await gateway.request(ping, {})).toEqual({ ready: true });
  });

  it('is validated again by the owner, whatever the edge let through', async () => {
    let calls = 0;
    await serving(() => {
      calls += 1;
      return Promise.resolve(chat);
    });
    expect(await failureOf(() => gateway.request(getChat, { chatId: 'x' }, { actor }))).toMatchObject({
      code: 'CHAT_NOT_FOUND',
    });
    expect(await failureOf(() => gateway.forward(getChat, { chatId: 7 }, { actor }))).toMatchObject({
      code: 'VALIDATION',
      details: { issues: [{ path: 'chatId' }] },
    });
    expect(calls).toBe(0);
  });

  it('gets one reply, and all replicas share the requests', async () => {
    const seen = new Map<string, number>();
    const replica =
      (name: string): Handler<typeof getChat> =>
      () => {
        seen.set(name, (seen.get(name) ?? 0) + 1);
        return Promise.resolve(chat);
      };
    for (const name of ['one', 'two']) {
      const service = await buses.connect(nats, 'chat-service');
      service.serve({ getChat }, { getChat: replica(name) });
      await service.flush();
    }
    gateway = await buses.connect(nats, 'gateway');
    for (let n = 0; n < 60; n++) await gateway.request(getChat, { chatId }, { actor });
    expect([...seen.keys()].sort()).toEqual(['one', 'two']);
    expect([...seen.values()].reduce((sum, count) => sum + count)).toBe(60);
  });

  it('reaches another service on its internal subject', async () => {
    const service = await buses.connect(nats, 'chat-service');
    service.serve({ lookUpChat }, { lookUpChat: () => Promise.resolve({ chat: undefined }) });
    await service.flush();
    const presence = await buses.connect(nats, 'presence-service');
    expect(await presence.request(lookUpChat, { chatId })).toEqual({});
    gateway = await buses.connect(nats, 'gateway');
    expect(await failureOf(() => gateway.request(lookUpChat, { chatId }, { timeoutMs: 200 }))).toMatchObject({
      code: 'TIMEOUT',
    });
  });

  it('gets no reply that exceeds max_payload, and the service goes on', async () => {
    let size = 9_000_000;
    const service = await buses.connect(nats, 'chat-service');
    const { listChats } = chatContracts;
    service.serve(
      { listChats },
      { listChats: () => Promise.resolve({ chats: [], nextCursor: 'x'.repeat(size) }) },
    );
    await service.flush();
    gateway = await buses.connect(nats, 'gateway');
    expect(
      await failureOf(() => gateway.request(listChats, tenChats, { actor, timeoutMs: 300 })),
    ).toMatchObject({ code: 'TIMEOUT' });
    size = 100;
    expect(await gateway.request(listChats, tenChats, { actor })).toMatchObject({
      nextCursor: 'x'.repeat(100),
    });
  });
});

describe('closing', () => {
  it('replies to accepted requests and accepts no more', async () => {
    let release = (): void => undefined;
    let accepted = 0;
    const service = await Bus.connect({
      url: nats.url('chat-service'),
      user: 'chat-service',
      logger: silent,
    });
    const probe = randomUUID();
    service.serve(
      { getChat },
      {
        getChat: async ({ chatId: requested }) => {
          // A probe may arrive before the server drops the subscription: it must not block.
          if (requested === probe) return chat;
          accepted += 1;
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          return chat;
        },
      },
    );
    await service.flush();
    gateway = await buses.connect(nats, 'gateway');
    const pending = gateway.request(getChat, { chatId }, { actor, timeoutMs: 10_000 });
    await waitFor(() => accepted === 1, { what: 'the request to be accepted' });
    const closed = service.close();
    await waitFor(
      async () =>
        (await failureOf(() => gateway.request(getChat, { chatId: probe }, { actor, timeoutMs: 100 })))
          .code === 'UNAVAILABLE',
      { what: 'requests to be rejected' },
    );
    release();
    expect(await pending).toEqual(chat);
    await closed;
    expect(accepted).toBe(1);
  });

  it('fails its own requests that have no reply yet', async () => {
    let release = (): void => undefined;
    await serving(async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return chat;
    });
    const leaving = await Bus.connect({ url: nats.url('gateway'), user: 'gateway', logger: silent });
    const pending = failureOf(() => leaving.request(getChat, { chatId }, { actor, timeoutMs: 20_000 }));
    await leaving.flush();
    await leaving.close();
    expect(await pending).toMatchObject({ code: 'UNAVAILABLE' });
    release();
  });
});
