import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Server } from 'socket.io';
import { io as connect, type Socket } from 'socket.io-client';
import { waitFor } from '@switchboard/infra/test';
import { FrameLimits } from '../src/connection/frames.ts';
import { guardBacklog } from '../src/connection/backlog.ts';
import { writeOncePerTick } from '../src/connection/outbound.ts';
import type { ChatServer, ChatSocket } from '../src/connection/sockets.ts';

// Counts the writes of a connection at its TCP stream.

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
      _writev: (...args: Parameters<NonNullable<typeof stream._writev>>) => {
        writes += 1;
        write?.(...args);
      },
      _write: (...args: Parameters<typeof stream._write>) => {
        writes += 1;
        writeOne(...args);
      },
    });
  });
  io = new Server(http, { wsEngine: new FrameLimits(0).wsEngine, serveClient: false });
  guardBacklog(io);
  writeOncePerTick(io);
  const connected = new Promise<ChatSocket>((resolve) => {
    io.on('connection', resolve);
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
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

  it('gets all packets of one tick in order in one write', async () => {
    const received: unknown[] = [];
    client.onAny((...args: unknown[]) => {
      received.push(args);
    });
    await server.join('room');
    writes = 0;
    server.emit('a', 1);
    io.to('room').emit('b', 2);
    await Promise.resolve();
    server.emit('c', 3);
    io.to('room').emit('d', 4);
    await waitFor(() => received.length === 4, { what: 'all four' });
    expect(received).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
      ['d', 4],
    ]);
    expect(writes).toBe(1);
  });

  it('gets a packet of another tick at once', async () => {
    let received = 0;
    client.onAny(() => {
      received += 1;
    });
    writes = 0;
    for (let n = 1; n <= 3; n++) {
      server.emit('a', n);
      await waitFor(() => received === n, { what: 'the event' });
    }
    expect(writes).toBe(3);
  });

  it('gets large packets in several writes within a tick', async () => {
    let received = 0;
    client.onAny(() => {
      received += 1;
    });
    writes = 0;
    for (let n = 0; n < 40; n++) server.emit('a', 'x'.repeat(10_000));
    await waitFor(() => received === 40, { what: 'all forty' });
    expect(writes).toBeGreaterThan(1);
  });

  it('that is disconnected in the same tick receives the earlier packets', async () => {
    const received: unknown[] = [];
    client.onAny((event: string) => {
      received.push(event);
    });
    server.emit('last');
    server.disconnect(true);
    await waitFor(() => client.disconnected, { what: 'the client to be disconnected' });
    expect(received).toEqual(['last']);
  });
});

it('delivers all packets of a tick to a polling client', async () => {
  await start(['polling']);
  const received: unknown[] = [];
  client.onAny((event: string) => {
    received.push(event);
  });
  for (const event of ['a', 'b', 'c']) server.emit(event);
  await waitFor(() => received.length === 3, { what: 'all three' });
  expect(received).toEqual(['a', 'b', 'c']);
});
