import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { instruments } from '@switchboard/shared/telemetry';
import { newMessage, type Message } from '@switchboard/shared/contracts';
import { waitFor } from '@switchboard/infra/test';
import { Backlog } from '../src/connection/backlog.ts';
import { admin, aMessage, owner, tokenOf } from './given.ts';
import { frame } from './raw-websocket.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway | undefined;
const deaf: Socket[] = [];
afterEach(async () => {
  for (const socket of deaf.splice(0)) socket.destroy();
  await gateway?.stop();
  gateway = undefined;
});

const text = (payload: string): Buffer => frame({ payload });

/** Joins a chat and then stops reading. */
async function joinDeaf(url: string, chatId: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  deaf.push(socket);
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  await waitFor(() => received.includes('101 Switching'), { what: 'the upgrade' });
  socket.write(text(`40${JSON.stringify({ token: tokenOf({ ...owner, id: 77 }) })}`));
  await waitFor(() => received.includes('40{"sid"'), { what: 'the connection' });
  socket.write(text(`42${JSON.stringify(['joinChat', chatId])}`));
  await waitFor(() => received.includes('joinedChat'), { what: 'the join' });
  socket.pause();
  socket.on('error', () => undefined);
  return socket;
}

const cutOff = (): number => {
  const counter = [...instruments].find(({ name }) => name === 'switchboard.gateway.cut_off');
  const points = counter?.kind === 'counter' ? [...counter.points()] : [];
  return points.find(({ labels }) => labels['reason'] === 'backlog')?.value ?? 0;
};

describe('a backlog', () => {
  const after = (...lengths: number[]) => {
    const backlog = new Backlog();
    for (const length of lengths) backlog.add(length);
    return [backlog.isLarge, backlog.isTooLarge];
  };
  const times = (count: number, length: number) => Array.from({ length: count }, () => length);

  it('is too large above a thousand packets or a megabyte', () => {
    expect(after(...times(1_000, 10))).toEqual([false, false]);
    expect(after(...times(1_001, 10))).toEqual([false, true]);
    expect(after(...times(16, 65_536))).toEqual([false, false]);
    expect(after(...times(17, 65_536))).toEqual([true, true]);
  });

  it('of requested pages is large but never too large', () => {
    expect(after(...times(8, 1_000_000))).toEqual([true, false]);
    expect(after(4_000_000)).toEqual([true, false]);
  });

  it('is empty after a flush', () => {
    const backlog = new Backlog();
    for (const length of times(2_000, 65_536)) backlog.add(length);
    backlog.clear();
    expect([backlog.isLarge, backlog.isTooLarge]).toEqual([false, false]);
  });
});

it.each([
  ['long messages', 30_000],
  ['short messages', 10],
])(
  'disconnects a client that stops reading, while the room receives everything: %s',
  async (_, length) => {
    const running = (gateway = await startGateway());
    const chat = running.stubs.newChat();
    const reader = await running.connect(admin);
    await reader.join(chat.id);
    const received: number[] = [];
    reader.socket.on('newMessage', ({ seq }: Message) => {
      received.push(seq);
    });
    await joinDeaf(running.url, chat.id);
    const before = cutOff();
    let said = 0;
    // The kernel's buffers hold an unknown amount.
    while (cutOff() === before && said < 200_000) {
      for (let n = 0; n < 100; n++)
        chat.publish(
          chat.append(newMessage, { ...aMessage(chat.id, ++said, admin), text: 'x'.repeat(length) }),
        );
      await waitFor(() => received.length === said, { what: 'the room to receive', everyMs: 1 });
    }
    expect(cutOff()).toBe(before + 1);
    await waitFor(
      () => running.stubs.presenceCalls.some(({ what, user }) => what === 'dropped' && user === 77),
      { what: 'presence-service to receive the departure' },
    );
    expect(received).toEqual(Array.from({ length: said }, (_unused, index) => index + 1));
  },
  60_000,
);

it('refuses further pages to a client that does not read them', async () => {
  const running = (gateway = await startGateway());
  const chat = running.stubs.newChat();
  const socket = await joinDeaf(running.url, chat.id);
  let served = 0;
  running.stubs.joinChat = () => {
    served += 1;
    const messages = Array.from({ length: 40 }, (_unused, index) => ({
      ...aMessage(chat.id, index + 1),
      text: 'x'.repeat(25_000),
    }));
    return Promise.resolve({ chatId: chat.id, status: 'ACTIVE', messages, revs: chat.revs });
  };
  for (let n = 0; n < 60; n++) {
    socket.write(text(`42${JSON.stringify(['joinChat', { chatId: chat.id, cursor: 'x' }])}`));
    const before = served;
    await waitFor(async () => served > before || (await running.stubs.message.flush(), served === before), {
      what: 'the request to have come',
    });
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  // The kernel's buffers, the requests in flight, and a megabyte.
  expect(served).toBeGreaterThan(0);
  expect(served).toBeLessThan(30);
  expect(await (await running.connect(admin)).join(chat.id)).toMatchObject({ event: 'joinedChat' });
});

it('leaves frames above the rate unread at their sender', async () => {
  const running = (gateway = await startGateway({ RATE_LIMIT_EVENTS: '5' }));
  const socket = await joinDeaf(running.url, running.stubs.newChat().id);
  const flood = text(`42${JSON.stringify(['typing', { padding: 'x'.repeat(50_000) }])}`);
  for (let n = 0; n < 400; n++) socket.write(flood);
  let unread = 0;
  await waitFor(
    () => {
      if (!socket.destroyed) unread = socket.writableLength;
      return socket.destroyed;
    },
    { what: 'the flooder to be cut off', timeoutMs: 10_000 },
  );
  // Of twenty megabytes; the kernel's buffers hold some of them.
  expect(unread).toBeGreaterThan(8_000_000);
}, 20_000);
