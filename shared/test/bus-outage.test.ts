import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTrace, type Bus } from '@switchboard/shared/bus';
import { chatContracts, userTyping } from '@switchboard/shared/contracts';
import { startNats, waitFor, type TestNats } from '@switchboard/infra/testing';
import { randomUUID } from 'node:crypto';
import { Buses } from './buses.ts';
import { failureOf } from './failure-of.ts';

// NATS dies, freezes and comes back under running processes.

const { ping } = chatContracts;
const chatId = randomUUID();

let nats: TestNats;
const buses = new Buses();
let gateway: Bus, service: Bus;

beforeAll(async () => {
  nats = await startNats();
  service = await buses.connect(nats, 'chat-service');
  service.serve({ ping }, { ping: () => Promise.resolve({ ready: true as const }) });
  await service.flush();
  gateway = await buses.connect(nats, 'gateway');
});
afterAll(async () => {
  await buses.close();
  await nats.stop();
});

const ask = (): Promise<unknown> => gateway.request(ping, {});
const untilAnswered = (): Promise<unknown> => waitFor(() => ask(), { what: 'an answer', timeoutMs: 10_000 });

describe('while NATS is away', () => {
  it('requests fail at once, and after its return they are answered and rooms are heard again', async () => {
    const events: string[] = [];
    gateway.followRoom(chatId, (_, { meta }) => events.push(meta.event));
    let reconnections = 0;
    gateway.onReconnect(() => { reconnections += 1; });
    await untilAnswered();

    await nats.kill();
    await waitFor(() => !gateway.isConnected, { what: 'the gateway to notice' });
    const began = performance.now();
    expect(await failureOf(ask)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(performance.now() - began).toBeLessThan(100);

    await nats.restart();
    await untilAnswered();
    expect(gateway.isConnected).toBe(true);
    await waitFor(() => reconnections === 1, { what: 'the reconnection to be told' });
    const presence = await buses.connect(nats, 'presence-service');
    presence.publish(userTyping, chatId, { chatId, userId: 7, email: '', isTyping: true }, newTrace());
    await waitFor(() => events.length === 1, { what: 'the room to be heard' });
  });
});

describe('while NATS is frozen', () => {
  it('each request fails within two seconds, a retry may help, and after the thaw they are answered', async () => {
    await untilAnswered();
    await nats.pause();
    try {
      const began = performance.now();
      const failures = await Promise.all([failureOf(ask), failureOf(ask)]);
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(failures.map(({ retryable }) => retryable)).toEqual([true, true]);
      const room = gateway.followRoom(randomUUID(), () => undefined);
      expect((await failureOf(() => room.untilHeard())).retryable).toBe(true);
      expect(performance.now() - began).toBeLessThan(4_000);
    } finally {
      nats.resume();
    }
    await untilAnswered();
  });
});

describe('a process that starts before NATS', () => {
  it('waits for it', async () => {
    await nats.kill();
    const connecting = buses.connect(nats, 'message-service');
    await nats.restart();
    expect((await connecting).isConnected).toBe(true);
  });
});
