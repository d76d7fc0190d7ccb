import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Server, type Socket } from 'socket.io';
import { waitFor } from '../helpers/index.ts';

// The published example client, unchanged, in the moments that are hard to hit with a real gateway: a script
// in its place decides when a live message arrives and when the connection ends. `package.slow.ts` runs the
// example against a real system.

const EXAMPLE = fileURLToPath(new URL('package/client.ts', import.meta.url));
const PAGE = 500;

interface Join {
  readonly after?: number;
  readonly cursor?: string;
}
type Reply = (response: unknown) => void;

let http: HttpServer;
let io: Server;
let client: ChildProcess | undefined;
let shown: string[];
/** The messages of the chat, oldest first. */
let stored: { id: string; seq: number; text: string; sender: { email: string } }[];
let joins: Join[];
/** What the test does instead of the usual reply to a join; returns whether it did. */
let onJoin: (socket: Socket, join: Join, reply: Reply) => boolean;

beforeEach(async () => {
  [shown, stored, joins] = [[], [], []];
  onJoin = () => false;
  http = createServer();
  io = new Server(http, { serveClient: false });
  io.on('connection', (socket) => {
    socket.on('joinChat', (join: Join, reply: Reply) => {
      joins.push(join);
      if (!onJoin(socket, join, reply)) reply(pageOf(join));
    });
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
});
afterEach(async () => {
  client?.kill('SIGKILL');
  await io.close();
});

function start(): void {
  const { port } = http.address() as AddressInfo;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', EXAMPLE], {
    env: { ...process.env, SWITCHBOARD_URL: `http://127.0.0.1:${String(port)}`, TOKEN: 't', CHAT_ID: 'c' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    shown.push(...lines);
  });
  client = child;
}

const store = (count: number): void => {
  for (let n = 0; n < count; n++) {
    const seq = stored.length + 1;
    stored.push({ id: `m${String(seq)}`, seq, text: String(seq), sender: { email: 'a' } });
  }
};
const sendLive = (socket: Socket): void => {
  store(1);
  socket.emit('newMessage', stored.at(-1));
};

/** As message-service replies: the latest 50 without a point, else everything since it in pages. */
function pageOf({ after, cursor }: Join): unknown {
  if (after === undefined && cursor === undefined) return joined(stored.slice(-50), {});
  const [from = 0, upTo = stored.length] = cursor?.split(':').map(Number) ?? [after];
  const end = Math.min(from + PAGE, upTo);
  return joined(stored.slice(from, end), {
    recovered: true,
    ...(end < upTo ? { hasMore: true, cursor: `${String(end)}:${String(upTo)}` } : {}),
  });
}
const joined = (messages: unknown, more: object): unknown => ({
  event: 'joinedChat',
  data: { chatId: 'c', status: 'PENDING', messages, ...more },
});

const messages = (): number[] =>
  shown.filter((line) => line.startsWith('a: ')).map((line) => Number(line.slice(3)));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const untilJoined = (times: number) =>
  waitFor(() => shown.filter((line) => line === '· joined').length >= times, {
    what: 'the client to join',
    timeoutMs: 20_000,
  });
const untilShown = async (count: number): Promise<void> => {
  await waitFor(() => messages().length >= count, { what: 'the messages', timeoutMs: 20_000 });
  expect(messages()).toEqual(upTo(count));
};
const cut = (): void => {
  for (const socket of io.of('/').sockets.values()) socket.conn.close();
};

it('shows all that it missed, once each and in order, when the connection ends behind a live message', async () => {
  store(1);
  start();
  await untilJoined(1);
  let hasCut = false;
  onJoin = (socket, join, reply) => {
    if (hasCut || join.after === undefined) return false;
    hasCut = true;
    reply(pageOf(join));
    sendLive(socket);
    setTimeout(cut, 100);
    return true;
  };
  store(1_200);
  cut();
  await untilShown(1_202);
});

it('shows a live message that arrives during the pages in its place', async () => {
  store(1);
  start();
  await untilJoined(1);
  onJoin = (socket, join, reply) => {
    reply(pageOf(join));
    sendLive(socket);
    return true;
  };
  store(1_200);
  cut();
  await untilJoined(2);
  const count = stored.length;
  await untilShown(count);
  cut();
  await untilJoined(3);
  await untilShown(stored.length);
});

it('shows all that came after it joined an empty chat', async () => {
  start();
  await untilJoined(1);
  store(120);
  cut();
  await untilShown(120);
  expect(joins.at(-1)).toEqual({ chatId: 'c', after: 0 });
});

it('begins with the latest page when it was away for too long', async () => {
  store(1);
  start();
  await untilJoined(1);
  store(99);
  onJoin = (_socket, _join, reply) => {
    reply(joined(stored.slice(-50), { recovered: false }));
    return true;
  };
  cut();
  await waitFor(() => messages().includes(100), { what: 'the latest message' });
  expect(messages()).toEqual([1, ...upTo(100).slice(50)]);
});

it('joins again on the same connection when it was refused as RATE_LIMITED', async () => {
  store(3);
  onJoin = (_socket, _join, reply) => {
    if (joins.length > 2) return false;
    reply({
      event: 'error',
      data: 'slow down',
      code: 'RATE_LIMITED',
      retryable: true,
      details: { retryAfterMs: 20 },
    });
    return true;
  };
  start();
  await untilShown(3);
  expect(joins).toHaveLength(3);
});

it('connects again after a refusal that is retryable', async () => {
  let refusals = 0;
  io.use((_socket, next) => {
    refusals += 1;
    if (refusals > 2) next();
    else next(Object.assign(new Error('busy'), { data: { retryable: true, details: { retryAfterMs: 20 } } }));
  });
  store(3);
  start();
  await untilShown(3);
});
