import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { afterEach, expect, it } from '@jest/globals';
import { instruments } from '@switchboard/shared/bus';
import { newMessage, type Message } from '@switchboard/shared/contracts';
import { waitFor } from '../../infra/testing/index.ts';
import { admin, aMessage, owner, tokenOf } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway;
const deaf: Socket[] = [];
afterEach(async () => {
  for (const socket of deaf.splice(0)) socket.destroy();
  await gateway.stop();
});

/** A text frame as clients send it. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const head = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

/** Joins a chat and then reads nothing any more; the kernel takes little for it. */
async function joinDeaf(chatId: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(gateway.url).port), host: '127.0.0.1' });
  deaf.push(socket);
  let heard = '';
  socket.on('data', (chunk: Buffer) => { heard += chunk.toString('latin1'); });
  socket.write(`GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`);
  await waitFor(() => heard.includes('101 Switching'), { what: 'the upgrade' });
  socket.write(frame(`40${JSON.stringify({ token: tokenOf({ ...owner, id: 77 }) })}`));
  await waitFor(() => heard.includes('40{"sid"'), { what: 'the connection' });
  socket.write(frame(`42${JSON.stringify(['joinChat', chatId])}`));
  await waitFor(() => heard.includes('joinedChat'), { what: 'the join' });
  socket.pause();
  return socket;
}

const cutOff = (): number => {
  const counter = [...instruments].find(({ name }) => name === 'switchboard.gateway.cut_off');
  const points = counter?.kind === 'counter' ? [...counter.points()] : [];
  return points.find(({ labels }) => labels['reason'] === 'backlog')?.value ?? 0;
};

it.each([['long messages', 30_000], ['short messages', 10]])('who stops reading is cut off, and the room that they were in hears all of it: %s', async (_, length) => {
  gateway = await startGateway();
  const chat = gateway.stubs.newChat();
  const reader = await gateway.connect(admin);
  await reader.join(chat.id);
  const heard: number[] = [];
  reader.socket.on('newMessage', ({ seq }: Message) => { heard.push(seq); });
  await joinDeaf(chat.id);
  const before = cutOff();
  let said = 0;
  // What the kernel takes for it is not known, and is not ours.
  while (cutOff() === before && said < 200_000) {
    for (let n = 0; n < 100; n++) chat.tell(chat.append(newMessage, { ...aMessage(chat.id, ++said, admin), text: 'x'.repeat(length) }));
    await waitFor(() => heard.length === said, { what: 'the room to hear', everyMs: 1 });
  }
  expect(cutOff()).toBe(before + 1);
  await waitFor(() => gateway.stubs.presenceCalls.some(({ what, user }) => what === 'dropped' && user === 77), { what: 'the deaf to be told as gone' });
  expect(heard).toEqual(Array.from({ length: said }, (_unused, index) => index + 1));
}, 60_000);
