import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@switchboard/infra/test';
import { Server } from 'socket.io';
import { io as connect, type Socket } from 'socket.io-client';
import { Encoder, PacketType, protocol, type Packet } from 'socket.io-parser';
import { WebSocket } from 'ws';
import * as engine from '../src/connection/internals/engine.io.ts';
import { joinRoom, leaveRoom, socketsIn } from '../src/connection/internals/socket.io.ts';
import { carriesData, textOf } from '../src/connection/internals/socket.io-parser.ts';
import { deliverFrame, gatedServer, limitPayload, streamOf } from '../src/connection/internals/ws.ts';
import type { ChatServer, ChatSocket } from '../src/connection/sockets.ts';

// What the gateway relies on beyond the documented API of its libraries. A failure after an upgrade says what
// to look at before the version in the header of the file is raised.

const folder = join(import.meta.dirname, '../src/connection/internals');

/** The version that is installed for the gateway. */
function installed(name: string): string {
  const paths = ['../node_modules', '../../node_modules'].map((modules) =>
    join(import.meta.dirname, modules, name, 'package.json'),
  );
  for (const path of paths) {
    try {
      return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
    } catch {
      // It stands in the other folder.
    }
  }
  throw new Error(`${name} is not installed`);
}

it.each(readdirSync(folder))('%s names the installed version', (file) => {
  const [, name = '', version] =
    /^\/\/ Written for (\S+) (\d+\.\d+)/.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
  expect(`${name}.ts`).toBe(file);
  expect(installed(name)).toMatch(new RegExp(`^${String(version).replace('.', '\\.')}\\.`));
});

/** A frame that the gate of a WebSocket holds until the test delivers it. */
interface HeldFrame {
  readonly socket: WebSocket;
  readonly frame: string | symbol;
  readonly args: unknown[];
}

let http: HttpServer;
let io: ChatServer;
let url: string;
let isGateOpen: boolean;
let held: HeldFrame[];
let closedGates: number;
let upgraded: IncomingMessage[];
let clientApp: Socket | undefined;
const clients: WebSocket[] = [];

beforeEach(async () => {
  isGateOpen = true;
  held = [];
  closedGates = 0;
  upgraded = [];
  http = createServer({
    shouldUpgradeCallback: (request: IncomingMessage) => {
      upgraded.push(request);
      return true;
    },
  });
  const wsEngine = gatedServer(
    (socket) => ({
      receive: (frame, args) => {
        if (isGateOpen) return deliverFrame(socket, frame, args);
        held.push({ socket, frame, args });
        return true;
      },
      close: () => {
        closedGates += 1;
      },
      tooLarge: () => {
        socket.send('too large');
      },
    }),
    { maxFragments: 2, closeTimeout: 50 },
    (socket) => {
      limitPayload(socket, 100);
    },
  );
  io = new Server(http, { wsEngine, serveClient: false });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(async () => {
  clientApp?.disconnect();
  for (const client of clients.splice(0)) client.terminate();
  await io.close();
});

const nextConnection = (): Promise<engine.Connection> =>
  new Promise((resolve) => {
    io.engine.once('connection', resolve);
  });

/** A client that speaks WebSocket, and the packets that it has received. */
function dial(query = ''): { client: WebSocket; packets: string[] } {
  const client = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket${query}`);
  clients.push(client);
  const packets: string[] = [];
  client.on('message', (data: Buffer) => {
    packets.push(data.toString());
  });
  client.on('error', () => undefined);
  return { client, packets };
}

async function openWebSocket() {
  const opened = nextConnection();
  const { client, packets } = dial();
  const connection = await opened;
  await waitFor(() => packets.length > 0 && connection.transport.writable, { what: 'the open packet' });
  packets.length = 0;
  const socket = engine.webSocketOf(connection);
  if (socket === undefined) throw new Error('the connection has no WebSocket');
  return { client, packets, connection, socket };
}

async function openPolling() {
  const opened = nextConnection();
  const path = `${url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(path)).text()).slice(1)) as { sid: string };
  return { connection: await opened, sid, path: `${path}&sid=${sid}` };
}

const pause = (ms: number) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

describe('engine.io', () => {
  it('reads the limit of a body for each polling request', async () => {
    const { connection, path } = await openPolling();
    const post = async (body: string) => (await fetch(path, { method: 'POST', body })).status;
    engine.limitBody(connection, 10);
    expect(await post('3'.repeat(11))).toBe(413);
    engine.limitBody(connection, 20);
    expect(await post('3'.repeat(11))).toBe(200);
  });

  it('flushes through the instance, for each packet and when the transport is ready again', async () => {
    const { connection, packets } = await openWebSocket();
    let flushes = 0;
    engine.replaceFlush(() => {
      flushes += 1;
    })(connection);
    connection.write('a');
    connection.write('b');
    expect(flushes).toBe(2);
    await pause(20);
    expect(packets).toEqual([]);
    engine.flush(connection);
    await waitFor(() => packets.length === 2 && flushes === 3, { what: 'both packets, and the next flush' });
    expect(packets).toEqual(['4a', '4b']);
  });

  it('announces a packet before it waits, and the flush before the packets leave', async () => {
    const { connection } = await openWebSocket();
    const events: unknown[] = [];
    engine.onPacketCreated(connection, (length) => events.push(length));
    engine.onFlush(connection, () => events.push('flush'));
    connection.write('abc');
    expect(events).toEqual([3, 'flush']);
    // The transport is busy until its bytes are written.
    connection.write('de');
    expect(events).toEqual([3, 'flush', 2]);
    await waitFor(() => events.length === 4, { what: 'the second flush' });
    expect(events.at(-1)).toBe('flush');
  });

  it('emits each packet of one polling request', async () => {
    const { connection, path } = await openPolling();
    let received = 0;
    engine.onPacketReceived(connection, () => {
      received += 1;
    });
    await fetch(path, { method: 'POST', body: '3\x1e3\x1e3' });
    expect(received).toBe(3);
  });

  it('has a WebSocket below a connection once it has changed from polling', async () => {
    const { connection, sid } = await openPolling();
    let upgrades = 0;
    engine.onUpgrade(connection, () => {
      upgrades += 1;
    });
    expect([engine.isPolling(connection), engine.webSocketOf(connection)]).toEqual([true, undefined]);
    const { client, packets } = dial(`&sid=${sid}`);
    await waitFor(() => client.readyState === WebSocket.OPEN, { what: 'the WebSocket to open' });
    client.send('2probe');
    await waitFor(() => packets.includes('3probe'), { what: 'the probe' });
    client.send('5');
    await waitFor(() => upgrades === 1, { what: 'the upgrade' });
    expect([engine.isPolling(connection), engine.webSocketOf(connection)]).toEqual([
      false,
      expect.any(WebSocket),
    ]);
  });

  it('writes what waits before it closes', async () => {
    const { connection, packets, client } = await openWebSocket();
    engine.replaceFlush(() => undefined)(connection);
    connection.write('last');
    engine.close(connection);
    expect(connection.readyState).toBe('closing');
    engine.flush(connection);
    await waitFor(() => client.readyState === WebSocket.CLOSED, { what: 'the client to be closed' });
    expect(packets).toEqual(['4last']);
  });

  it('drops what waits when it discards', async () => {
    const { connection, path } = await openPolling();
    connection.write('last');
    engine.discard(connection);
    expect(connection.readyState).toBe('closed');
    expect((await fetch(path)).status).toBe(400);
  });

  it('gives its middleware the request that Node asked about', async () => {
    const requests: IncomingMessage[] = [];
    engine.beforeEngine(io, (request, _response, next) => {
      requests.push(request);
      next();
    });
    await openWebSocket();
    expect(requests).toHaveLength(1);
    expect(requests[0]).toBe(upgraded[0]);
  });
});

describe('ws', () => {
  it('reads the limit for each message, and calls the gate before it closes for one that is larger', async () => {
    const { client, packets, socket } = await openWebSocket();
    isGateOpen = false;
    client.send('x'.repeat(100));
    await waitFor(() => held.length === 1, { what: 'the first message' });
    limitPayload(socket, 200);
    client.send('x'.repeat(200));
    client.send('x'.repeat(201));
    const [code, reason] = await new Promise<[number, Buffer]>((resolve) => {
      client.once('close', (...args: [number, Buffer]) => {
        resolve(args);
      });
    });
    expect([code, reason.toString(), packets.at(-1)]).toEqual([
      1009,
      'the frame is larger than allowed',
      'too large',
    ]);
  });

  it('emits each received frame once, and answers a ping when it is delivered', async () => {
    const { client, socket } = await openWebSocket();
    const delivered: string[] = [];
    socket.on('ping', (data: Buffer) => delivered.push(`ping ${data.toString()}`));
    let pongs = 0;
    client.on('pong', () => {
      pongs += 1;
    });
    isGateOpen = false;
    client.send('3');
    client.ping('b');
    client.pong('c');
    await waitFor(() => held.length === 3, { what: 'the frames' });
    expect(held.map(({ frame, args }) => `${String(frame)} ${String(args[0])}`)).toEqual([
      'message 3',
      'ping b',
      'pong c',
    ]);
    await pause(20);
    expect([delivered, pongs]).toEqual([[], 0]);
    for (const { frame, args } of held) deliverFrame(socket, frame, args);
    expect(delivered).toEqual(['ping b']);
    await waitFor(() => pongs === 1, { what: 'the pong' });
  });

  it('reads nothing while it is paused', async () => {
    const { client, socket } = await openWebSocket();
    isGateOpen = false;
    socket.pause();
    client.send('3');
    await pause(20);
    expect(held).toEqual([]);
    socket.resume();
    await waitFor(() => held.length === 1, { what: 'the frame' });
  });

  it('closes a WebSocket that sends more fragments than allowed', async () => {
    const { client } = await openWebSocket();
    const closed = new Promise((resolve) => {
      client.on('close', resolve);
    });
    for (let n = 0; n < 3; n++) client.send('4', { fin: false });
    expect(await closed).toBe(1008);
    await waitFor(() => closedGates === 1, { what: 'the gate to close' });
  });

  it('waits no longer than the close timeout for a closing frame', async () => {
    const { client, socket } = await openWebSocket();
    client.pause();
    socket.close();
    await waitFor(() => socket.readyState === WebSocket.CLOSED, { what: 'the end', timeoutMs: 2_000 });
  });

  it('writes to the stream that the upgrade came on', async () => {
    const { connection, packets, socket } = await openWebSocket();
    const stream = streamOf(socket);
    stream?.cork();
    connection.write('a');
    await pause(20);
    expect(packets).toEqual([]);
    stream?.uncork();
    await waitFor(() => packets.length === 1, { what: 'the packet' });
  });
});

describe('socket.io-parser', () => {
  const event = { type: PacketType.EVENT, nsp: '/', data: ['x', { a: 1 }] };

  it.each<Packet>([
    event,
    { ...event, id: 0 },
    { type: PacketType.ACK, nsp: '/', id: 7, data: [{ b: [2] }] },
  ])('writes %j as protocol 5', (packet) => {
    const data: readonly unknown[] = packet.data;
    const json = data.map((value) => JSON.stringify(value));
    expect(protocol).toBe(5);
    expect(carriesData(packet)).toBe(true);
    expect([textOf(packet, json)]).toEqual(new Encoder().encode(packet));
  });

  it.each<Packet>([
    { ...event, nsp: '/other' },
    { type: PacketType.CONNECT, nsp: '/', data: {} },
    { type: PacketType.DISCONNECT, nsp: '/' },
    { type: PacketType.CONNECT_ERROR, nsp: '/', data: {} },
  ])('writes %j in another form', (packet) => {
    expect(carriesData(packet)).toBe(false);
  });
});

describe('socket.io', () => {
  it('joins and leaves a room before the call returns', async () => {
    const connected = new Promise<ChatSocket>((resolve) => {
      io.on('connection', resolve);
    });
    clientApp = connect(url, { transports: ['websocket'], reconnection: false });
    const socket = await connected;
    let sent = 0;
    engine.onPacketCreated(socket.conn, () => {
      sent += 1;
    });
    joinRoom(socket, 'room');
    expect(socketsIn(io, 'room')).toEqual(new Set([socket.id]));
    io.to('room').emit('event');
    expect(sent).toBe(1);
    leaveRoom(socket, 'room');
    expect(socketsIn(io, 'room')).toBeUndefined();
    io.to('room').emit('event');
    expect(sent).toBe(1);
  });
});
