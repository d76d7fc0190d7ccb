import { createServer, type Server as HttpServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Server } from 'socket.io';
import { waitFor } from '@switchboard/infra/test';
import { Joining } from '../src/rooms/joining.ts';
import type { Except, SocketEvent } from '../src/rooms/socket-event.ts';
import type { ChatServer, ChatSocket } from '../src/connection/sockets.ts';
import { Client } from './client.ts';
import { owner } from './given.ts';

let http: HttpServer;
let io: ChatServer;
let client: Client;
let socket: ChatSocket;

beforeAll(async () => {
  http = createServer();
  io = new Server(http);
  io.use((one, next) => {
    one.data = { kind: 'user', actor: owner, expiresAt: 0, issuedAt: 0, tokenId: undefined };
    next();
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const address = http.address();
  client = await new Client(
    `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    {},
  ).connected();
  socket = await waitFor(() => [...io.sockets.sockets.values()][0], { what: 'the socket' });
});
beforeEach(() => {
  client.received.splice(0);
});
afterAll(async () => {
  client.close();
  await io.close();
});

const entry = (rev: number, owned: 'chat' | 'message' = 'message', except?: Except): SocketEvent => ({
  owner: owned,
  rev,
  event: owned,
  payload: rev,
  except,
});

/** The events that the client has received. */
async function received(): Promise<unknown[]> {
  socket.emit('end');
  await client.receives('end');
  return client.received.filter(({ event }) => event !== 'end').map(({ event, args }) => [event, args[0]]);
}

describe('a joining socket', () => {
  it('receives nothing before its snapshot, then what the snapshot does not hold, in order', async () => {
    const joining = new Joining(socket, {});
    for (const rev of [4, 5, 6]) joining.receive(entry(rev));
    joining.receive(entry(2, 'chat'));
    expect(await received()).toEqual([]);
    client.received.splice(0);
    joining.goLive({ chat: 1, message: 5 }, []);
    joining.receive(entry(7));
    expect(await received()).toEqual([
      ['message', 6],
      ['chat', 2],
      ['message', 7],
    ]);
  });

  it('receives missed entries before those that waited, each once', async () => {
    const joining = new Joining(socket, { chat: 3, message: 0 });
    joining.receive(entry(4, 'chat'));
    joining.goLive({ chat: 1, message: 0 }, [entry(2, 'chat'), entry(3, 'chat'), entry(4, 'chat')]);
    joining.receive(entry(4, 'chat'));
    expect(await received()).toEqual([
      ['chat', 2],
      ['chat', 3],
      ['chat', 4],
    ]);
  });

  it('skips an entry for others and receives the next one', async () => {
    const joining = new Joining(socket, {});
    joining.goLive({ chat: 0, message: 0 }, []);
    joining.receive(entry(1, 'message', { userId: owner.id }));
    joining.receive(entry(1, 'message'));
    joining.receive(entry(2, 'message', { userId: owner.id + 1 }));
    expect(await received()).toEqual([['message', 2]]);
  });

  it('has caught up only when it is live and not ahead of the room', () => {
    const joining = new Joining(socket, {});
    const room = (chat: number | undefined, message: number | undefined) =>
      joining.hasCaughtUp((owned) => (owned === 'chat' ? chat : message));
    expect(room(9, 9)).toBe(false);
    joining.goLive({ chat: 1, message: 5 }, []);
    expect(room(1, 5)).toBe(true);
    expect(room(2, 6)).toBe(true);
    expect(room(1, 4)).toBe(false);
    expect(room(0, 5)).toBe(false);
    expect(room(undefined, 5)).toBe(false);
    joining.receive(entry(6));
    expect(room(1, 5)).toBe(false);
  });
});
