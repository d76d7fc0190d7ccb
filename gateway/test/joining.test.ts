import { createServer, type Server as HttpServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Server } from 'socket.io';
import { waitFor } from '../../infra/testing/index.ts';
import { Joining, type Told } from '../src/rooms/joining.ts';
import type { ChatServer, ChatSocket } from '../src/sockets.ts';
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
  await new Promise<void>((resolve) => { http.listen(0, '127.0.0.1', resolve); });
  const address = http.address();
  client = await new Client(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`, {}).connected();
  socket = await waitFor(() => [...io.sockets.sockets.values()][0], { what: 'the socket' });
});
beforeEach(() => { client.heard.splice(0); });
afterAll(async () => {
  client.close();
  await io.close();
});

const entry = (rev: number, owned: 'chat' | 'message' = 'message', except?: number): Told => ({ owner: owned, rev, event: owned, payload: rev, except });

/** What the client has been told so far. */
async function told(): Promise<unknown[]> {
  socket.emit('end');
  await client.hears('end');
  return client.heard.filter(({ event }) => event !== 'end').map(({ event, args }) => [event, args[0]]);
}

describe('a joining socket', () => {
  it('is told nothing before its snapshot, and then what the snapshot does not hold, in order', async () => {
    const joining = new Joining(socket, {});
    for (const rev of [4, 5, 6]) joining.hear(entry(rev));
    joining.hear(entry(2, 'chat'));
    expect(await told()).toEqual([]);
    client.heard.splice(0);
    joining.goLive({ chat: 1, message: 5 }, []);
    joining.hear(entry(7));
    expect(await told()).toEqual([['message', 6], ['chat', 2], ['message', 7]]);
  });

  it('is told what it missed before what waited, each once', async () => {
    const joining = new Joining(socket, { chat: 3, message: 0 });
    joining.hear(entry(4, 'chat'));
    joining.goLive({ chat: 1, message: 0 }, [entry(2, 'chat'), entry(3, 'chat'), entry(4, 'chat')]);
    joining.hear(entry(4, 'chat'));
    expect(await told()).toEqual([['chat', 2], ['chat', 3], ['chat', 4]]);
  });

  it('is not told what is for others, and goes on behind it', async () => {
    const joining = new Joining(socket, {});
    joining.goLive({ chat: 0, message: 0 }, []);
    joining.hear(entry(1, 'message', owner.id));
    joining.hear(entry(1, 'message'));
    joining.hear(entry(2, 'message', owner.id + 1));
    expect(await told()).toEqual([['message', 2]]);
  });

  it('is level with the room only when live, and when the room has told all that it knows', () => {
    const joining = new Joining(socket, {});
    const room = (chat: number | undefined, message: number | undefined) => joining.isLevelWith((owned) => (owned === 'chat' ? chat : message));
    expect(room(9, 9)).toBe(false);
    joining.goLive({ chat: 1, message: 5 }, []);
    expect(room(1, 5)).toBe(true);
    expect(room(2, 6)).toBe(true);
    expect(room(1, 4)).toBe(false);
    expect(room(0, 5)).toBe(false);
    expect(room(undefined, 5)).toBe(false);
    joining.hear(entry(6));
    expect(room(1, 5)).toBe(false);
  });
});
