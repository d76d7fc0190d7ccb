import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Bus } from '@switchboard/shared/bus';
import { newTrace } from '@switchboard/shared/telemetry';
import { chatContracts, userTyping } from '@switchboard/shared/contracts';
import { silent, startNats, waitFor, type TestNats } from '@switchboard/infra/test';
import { randomUUID } from 'node:crypto';
import { newNatsPasswords } from '../../infra/dev/passwords.ts';
import { Buses } from './buses.ts';
import { failureOf } from './failure-of.ts';

// NATS is killed, frozen and restarted under running processes.

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

const request = (): Promise<unknown> => gateway.request(ping, {});
const untilReplied = (): Promise<unknown> => waitFor(() => request(), { what: 'a reply', timeoutMs: 10_000 });

describe('while NATS is away', () => {
  it('a process that starts waits, logs what it waits for, and connects once NATS is there', async () => {
    const later = await startNats();
    await later.kill();
    const warn = jest.spyOn(silent, 'warn');
    const url = later.url('chat-service');
    const connecting = Bus.connect({ url, user: 'chat-service', logger: silent });
    await waitFor(() => warn.mock.calls.length > 0, { what: 'a log line' });
    expect(warn.mock.calls).toEqual([
      [
        { servers: new URL(url).host, since: expect.any(String), login: 'user chat-service' },
        expect.stringMatching(/^waiting for NATS: .*ECONNREFUSED/),
      ],
    ]);
    warn.mockRestore();
    await later.restart();
    const bus = await connecting;
    expect(bus.isConnected).toBe(true);
    await bus.close();
    await later.stop();
  });

  it('a process logs why NATS refuses it, without the password, and later outages too', async () => {
    const passwords = newNatsPasswords();
    const strict = await startNats({ passwords });
    const url = strict.url('chat-service');
    const { password } = new URL(url);
    passwords['chat-service'] = newNatsPasswords()['chat-service'];
    await strict.restart();
    const warn = jest.spyOn(silent, 'warn');
    const untilLogged = (what: RegExp): Promise<string> =>
      waitFor(
        () => {
          const lines = JSON.stringify(warn.mock.calls);
          return what.test(lines) ? lines : undefined;
        },
        { what: String(what) },
      );
    const connecting = Bus.connect({ url, user: 'chat-service', logger: silent });
    expect(await untilLogged(/waiting for NATS: .*Authorization Violation/)).not.toContain(password);

    passwords['chat-service'] = password;
    await strict.restart();
    const bus = await connecting;
    warn.mockClear();
    await strict.kill();
    await untilLogged(/"since":"[^"]+","login":"user chat-service"\},"waiting for NATS: /);
    warn.mockRestore();
    await bus.close();
    await strict.stop();
  });

  it('requests fail at once, and requests and room events work again after its return', async () => {
    const events: string[] = [];
    gateway.followRoom(chatId, (_, { meta }) => events.push(meta.event));
    let reconnections = 0;
    gateway.onReconnect(() => {
      reconnections += 1;
    });
    await untilReplied();

    await nats.kill();
    await waitFor(() => !gateway.isConnected, { what: 'the gateway to notice' });
    const began = performance.now();
    expect(await failureOf(request)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(performance.now() - began).toBeLessThan(100);

    await nats.restart();
    await untilReplied();
    expect(gateway.isConnected).toBe(true);
    await waitFor(() => reconnections === 1, { what: 'onReconnect to run' });
    const presence = await buses.connect(nats, 'presence-service');
    presence.publish(userTyping, chatId, { chatId, userId: 7, email: '', isTyping: true }, newTrace());
    await waitFor(() => events.length === 1, { what: 'the room event' });
  });
});

describe('while NATS is frozen', () => {
  it('each request fails as retryable within two seconds, and requests work again after the thaw', async () => {
    await untilReplied();
    await nats.pause();
    try {
      const began = performance.now();
      const failures = await Promise.all([failureOf(request), failureOf(request)]);
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(failures.map(({ retryable }) => retryable)).toEqual([true, true]);
      const room = gateway.followRoom(randomUUID(), () => undefined);
      expect((await failureOf(() => room.untilSubscribed())).retryable).toBe(true);
      expect(performance.now() - began).toBeLessThan(4_000);
    } finally {
      nats.resume();
    }
    await untilReplied();
  });
});

describe('a process that starts before NATS', () => {
  it('waits for NATS', async () => {
    await nats.kill();
    const connecting = buses.connect(nats, 'message-service');
    await nats.restart();
    expect((await connecting).isConnected).toBe(true);
  });
});
