import { expect } from '@jest/globals';
import { UNSERVED } from './hostile-frames-upgrade.ts';
import { CLOSED, FLOODS } from './hostile-frames-websocket.ts';
import type { RawConnection } from './raw.ts';
import type { Attacker } from './raw-attacker.ts';
import { httpRequest } from './raw-polling.ts';
import { HANDSHAKE, upgradeRequest } from './raw-websocket.ts';

// What takes the server its time to end: connections on which too little comes, or too much. Meanwhile it waits for nobody.

export interface Late {
  /** Rejects when it does not end as it should. */
  readonly end: () => Promise<void>;
}

export interface LateRow {
  readonly what: string;
  readonly begin: (attacker: Attacker) => Promise<Late>;
}

/** 10 s for the headers, for an upgrade and for a CONNECT; looked after every 2 s. */
const WITHIN_MS = 10_000 + 2_000 + 2_000;
const EVERY_MS = 100;

/** From now on, whenever it is asked. */
function inTime(end: Promise<void>): Late {
  end.catch(() => undefined);
  return { end: () => end };
}

async function timesOut(connection: RawConnection): Promise<void> {
  expect((await connection.answer(WITHIN_MS)).status).toBe(408);
  await connection.closed();
}

function slowly(connection: RawConnection): Promise<void> {
  const bytes = `GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(1_000)}`;
  let written = 0;
  const timer = setInterval(() => { connection.write(bytes.charAt(written++)); }, EVERY_MS);
  return timesOut(connection).finally(() => { clearInterval(timer); });
}

async function isRefused(connection: RawConnection): Promise<void> {
  const answer = await connection.answerOrEnd(WITHIN_MS);
  expect(answer?.status ?? 400).toBeGreaterThanOrEqual(400);
}

export const LATE: readonly LateRow[] = [
  {
    what: 'sends nothing: 408',
    begin: async (attacker) => inTime(timesOut(await attacker.connect())),
  },
  {
    what: 'sends a byte of its headers every 100 ms: 408',
    begin: async (attacker) => inTime(slowly(await attacker.connect())),
  },
  {
    what: 'sends a byte of its second request\'s headers every 100 ms: 408',
    begin: async (attacker) => {
      const { connection } = await attacker.write(httpRequest(attacker.url, { path: '/livez' }));
      return inTime(slowly(connection));
    },
  },
  {
    what: 'becomes a WebSocket and says nothing: closed',
    begin: async (attacker) => {
      const webSocket = await attacker.webSocket();
      return inTime(webSocket.closed(WITHIN_MS).then((code) => { expect(code).toBe(1005); }));
    },
  },
  {
    what: 'is refused and stays: closed',
    begin: async (attacker) => {
      const webSocket = await attacker.webSocket();
      webSocket.send('40{"token":"a.b.c"}');
      await webSocket.hears('44{');
      return inTime(webSocket.closed(WITHIN_MS).then((code) => { expect(code).toBe(1005); }));
    },
  },
  {
    what: 'polls and never says who it is: told that it is over',
    begin: async (attacker) => {
      const session = await attacker.pollingSession();
      const connection = await attacker.connect();
      connection.write(httpRequest(attacker.url, { path: session.path }));
      return inTime(connection.answer(WITHIN_MS).then(({ body }) => { expect(body).toBe('1'); }));
    },
  },
  ...[[], ['2probe']].map((packets): LateRow => ({
    what: `begins an upgrade ${packets.length === 0 ? 'without' : 'with'} a probe and never completes it: closed, and the session goes on`,
    begin: async (attacker) => {
      const session = await attacker.letInByPolling();
      const webSocket = await attacker.webSocket({ path: session.path.replace('transport=polling', 'transport=websocket') });
      webSocket.send(...packets);
      return inTime(webSocket.closed(WITHIN_MS).then(async (code) => {
        expect(code).toBe(1005);
        expect(await session.isServed()).toBe(true);
      }));
    },
  })),
  {
    what: 'owes a body: may take longer than that',
    begin: async (attacker) => {
      const connection = await attacker.connect();
      connection.write(httpRequest(attacker.url, { method: 'POST', path: '/api/v1/chats', headers: { 'Content-Type': 'application/json', 'Content-Length': '10' } }));
      return { end: () => { expect(connection.isOver).toBe(false); return Promise.resolve(); } };
    },
  },
  {
    what: 'owes a body to a polling session: ended with it',
    begin: async (attacker) => {
      const session = await attacker.pollingSession();
      const connection = await attacker.connect();
      connection.write(httpRequest(attacker.url, { method: 'POST', path: session.path, headers: { 'Content-Length': '10' }, body: '4' }));
      return inTime(connection.closed(WITHIN_MS));
    },
  },
  ...['GET', 'POST'].map((method): LateRow => ({
    what: `asks for the session of a WebSocket by ${method}: answered, or ended`,
    begin: async (attacker) => {
      const socket = await attacker.socket();
      const sid = /"sid":"([^"]+)/.exec(socket.packets[0] ?? '')?.[1] ?? '';
      const connection = await attacker.connect();
      connection.write(httpRequest(attacker.url, { method, path: `${HANDSHAKE}&sid=${sid}`, body: method === 'POST' ? '3' : '' }));
      return inTime(isRefused(connection).then(() => socket.lives()));
    },
  })),
  {
    what: 'asks on a used connection for an upgrade to what nobody serves: refused, or ended',
    begin: async (attacker) => {
      const { connection } = await attacker.write(httpRequest(attacker.url, { path: '/livez' }));
      connection.write(upgradeRequest(attacker.url, { path: '/nobody' }));
      return inTime(isRefused(connection));
    },
  },
  {
    what: 'asks for an upgrade to what nobody serves, and holds on to the connection: refused, or ended',
    begin: async (attacker) => {
      const connection = await attacker.connect({ clings: true });
      connection.write(upgradeRequest(attacker.url, { path: '/nobody' }));
      return inTime(isRefused(connection));
    },
  },
  ...UNSERVED.map((upgrade): LateRow => ({
    what: `asks for an upgrade that nobody serves, ${upgrade.headers?.['Upgrade'] ?? 'websocket'} at ${upgrade.path ?? ''}: refused, or ended`,
    begin: async (attacker) => {
      const connection = await attacker.connect();
      connection.write(upgradeRequest(attacker.url, upgrade));
      return inTime(isRefused(connection));
    },
  })),
  ...CLOSED.map(({ what, bytes, code }): LateRow => ({
    what: `does not answer the close after ${what}: ended`,
    begin: async (attacker) => {
      const socket = await attacker.socket({ clings: true });
      socket.write(bytes);
      return inTime(socket.closed(WITHIN_MS).then((closedWith) => { expect(closedWith).toBe(code); }));
    },
  })),
  ...FLOODS.map(({ what, bytes, isLetIn, reads }): LateRow => ({
    what: `floods with ${what}: cut off`,
    begin: async (attacker) => {
      const webSocket = isLetIn ? await attacker.socket() : await attacker.webSocket();
      webSocket.connection.reads(reads);
      webSocket.write(bytes);
      // Only who writes notices the end of a connection that is not read.
      const writing = setInterval(() => { if (!reads) webSocket.send('3'); }, EVERY_MS);
      const end = webSocket.closed(WITHIN_MS).finally(() => { clearInterval(writing); });
      return inTime(end.then((code) => { expect(code).toBeUndefined(); }));
    },
  })),
];
