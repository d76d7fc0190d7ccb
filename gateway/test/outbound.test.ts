import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Server } from 'socket.io';
import { io as connect, type Socket } from 'socket.io-client';
import { waitFor } from '../../infra/testing/index.ts';
import { FrameLimits } from '../src/limits/frames.ts';
import { guardBacklog } from '../src/limits/backlog.ts';
import { writeOncePerTurn } from '../src/outbound.ts';
import type { ChatServer, ChatSocket } from '../src/sockets.ts';

// How often a connection is written to, counted where its bytes leave.

let io: ChatServer;
let client: Socket;
let server: ChatSocket;
let writes: number;

async function start(transports: string[]): Promise<void> {
  const http = createServer();
  http.on('connection', (stream) => {
    const write = stream._writev?.bind(stream);
    const writeOne = stream._write.bind(stream);
    Object.assign(stream, {
      _writev: (...args: Parameters<NonNullable<typeof stream._writev>>) => { writes += 1; write?.(...args); },
      _write: (...args: Parameters<typeof stream._write>) => { writes += 1; writeOne(...args); },
    });
  });
  io = new Server(http, { wsEngine: new FrameLimits(0).wsEngine, serveClient: false });
  guardBacklog(io);
  writeOncePerTurn(io);
  const connected = new Promise<ChatSocket>((resolve) => { io.on('connection', resolve); });
  await new Promise<void>((resolve) => { http.listen(0, '127.0.0.1', resolve); });
  const address = http.address();
  client = connect(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, { transports });
  server = await connected;
  await waitFor(() => client.connected, { what: 'the client to connect' });
}
afterEach(async () => {
  client.disconnect();
  await io.close();
});

describe('a WebSocket', () => {
  beforeEach(() => start(['websocket']));

  it('is written to once for all that it is sent in one turn, in its order', async () => {
    const heard: unknown[] = [];
    client.onAny((...args: unknown[]) => { heard.push(args); });
    await server.join('room');
    writes = 0;
    server.emit('a', 1);
    io.to('room').emit('b', 2);
    await Promise.resolve();
    server.emit('c', 3);
    io.to('room').emit('d', 4);
    await waitFor(() => heard.length === 4, { what: 'all four' });
    expect(heard).toEqual([['a', 1], ['b', 2], ['c', 3], ['d', 4]]);
    expect(writes).toBe(1);
  });

  it('hears at once what comes in another turn', async () => {
    let heard = 0;
    client.onAny(() => { heard += 1; });
    writes = 0;
    for (let n = 1; n <= 3; n++) {
      server.emit('a', n);
      await waitFor(() => heard === n, { what: 'the event' });
    }
    expect(writes).toBe(3);
  });

  it('is written to meanwhile when it is sent much: nothing piles up that could leave', async () => {
    let heard = 0;
    client.onAny(() => { heard += 1; });
    writes = 0;
    for (let n = 0; n < 40; n++) server.emit('a', 'x'.repeat(10_000));
    await waitFor(() => heard === 40, { what: 'all forty' });
    expect(writes).toBeGreaterThan(1);
  });

  it('that is disconnected in the same turn hears what it was sent before', async () => {
    const heard: unknown[] = [];
    client.onAny((event: string) => { heard.push(event); });
    server.emit('last');
    server.disconnect(true);
    await waitFor(() => client.disconnected, { what: 'the client to be disconnected' });
    expect(heard).toEqual(['last']);
  });
});

it('a polling client hears all of it too', async () => {
  await start(['polling']);
  const heard: unknown[] = [];
  client.onAny((event: string) => { heard.push(event); });
  for (const event of ['a', 'b', 'c']) server.emit(event);
  await waitFor(() => heard.length === 3, { what: 'all three' });
  expect(heard).toEqual(['a', 'b', 'c']);
});
