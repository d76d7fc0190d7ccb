import { expect } from '@jest/globals';
import { UNSERVED } from './hostile-frames-upgrade.ts';
import { CLOSED, FLOODS } from './hostile-frames-websocket.ts';
import type { RawConnection } from './raw.ts';
import type { Attacker } from './raw-attacker.ts';
import { httpRequest } from './raw-polling.ts';
import { HANDSHAKE, upgradeRequest } from './raw-websocket.ts';

// Connections that the server ends only after a timeout: they send too little or too much. Meanwhile the
// server keeps serving others.

export interface Late {
  /** Rejects if the connection does not end as expected. */
  readonly end: () => Promise<void>;
}

export interface LateRow {
  readonly what: string;
  readonly begin: (attacker: Attacker) => Promise<Late>;
}

/** 10 s for the headers, for an upgrade and for a CONNECT; the server checks every 2 s. */
const WITHIN_MS = 10_000 + 2_000 + 2_000;
const EVERY_MS = 100;

/** Starts now. Keeps a rejection until the test calls `end`. */
function inTime(end: Promise<void>): Late {
  end.catch(() => undefined);
  return { end: () => end };
}

async function timesOut(connection: RawConnection): Promise<void> {
  expect((await connection.response(WITHIN_MS)).status).toBe(408);
  await connection.closed();
}

function slowly(connection: RawConnection): Promise<void> {
  const bytes = `GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(1_000)}`;
  let written = 0;
  const timer = setInterval(() => {
    connection.write(bytes.charAt(written++));
  }, EVERY_MS);
  return timesOut(connection).finally(() => {
    clearInterval(timer);
  });
}

async function isRejected(connection: RawConnection): Promise<void> {
  const response = await connection.responseOrEnd(WITHIN_MS);
  expect(response?.status ?? 400).toBeGreaterThanOrEqual(400);
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
    what: "sends a byte of its second request's headers every 100 ms: 408",
    begin: async (attacker) => {
      const { connection } = await attacker.write(httpRequest(attacker.url, { path: '/livez' }));
      return inTime(slowly(connection));
    },
  },
  {
    what: 'becomes a WebSocket and sends nothing: closed',
    begin: async (attacker) => {
      const webSocket = await attacker.webSocket();
      return inTime(
        webSocket.closed(WITHIN_MS).then((code) => {
          expect(code).toBe(1005);
        }),
      );
    },
  },
  {
    what: 'is rejected and stays: closed',
    begin: async (attacker) => {
      const webSocket = await attacker.webSocket();
      webSocket.send('40{"token":"a.b.c"}');
      await webSocket.receives('44{');
      return inTime(
        webSocket.closed(WITHIN_MS).then((code) => {
          expect(code).toBe(1005);
        }),
      );
    },
  },
  {
    what: 'polls and never sends CONNECT: receives a close packet',
    begin: async (attacker) => {
      const session = await attacker.pollingSession();
      const connection = await attacker.connect();
      connection.write(httpRequest(attacker.url, { path: session.path }));
      return inTime(
        connection.response(WITHIN_MS).then(({ body }) => {
          expect(body).toBe('1');
        }),
      );
    },
  },
  ...[[], ['2probe']].map((packets): LateRow => ({
    what: `begins an upgrade ${packets.length === 0 ? 'without' : 'with'} a probe and never completes it: closed, and the session continues`,
    begin: async (attacker) => {
      const session = await attacker.admitByPolling();
      const webSocket = await attacker.webSocket({
        path: session.path.replace('transport=polling', 'transport=websocket'),
      });
      webSocket.send(...packets);
      return inTime(
        webSocket.closed(WITHIN_MS).then(async (code) => {
          expect(code).toBe(1005);
          expect(await session.isServed()).toBe(true);
        }),
      );
    },
  })),
  {
    what: 'owes a body: stays open longer than the header timeout',
    begin: async (attacker) => {
      const connection = await attacker.connect();
      connection.write(
        httpRequest(attacker.url, {
          method: 'POST',
          path: '/api/v1/chats',
          headers: { 'Content-Type': 'application/json', 'Content-Length': '10' },
        }),
      );
      return {
        end: () => {
          expect(connection.isOver).toBe(false);
          return Promise.resolve();
        },
      };
    },
  },
  {
    what: 'owes a body to a polling session: ended with it',
    begin: async (attacker) => {
      const session = await attacker.pollingSession();
      const connection = await attacker.connect();
      connection.write(
        httpRequest(attacker.url, {
          method: 'POST',
          path: session.path,
          headers: { 'Content-Length': '10' },
          body: '4',
        }),
      );
      return inTime(connection.closed(WITHIN_MS));
    },
  },
  ...['GET', 'POST'].map((method): LateRow => ({
    what: `requests the session of a WebSocket by ${method}: rejected or ended`,
    begin: async (attacker) => {
      const socket = await attacker.socket();
      const sid = /"sid":"([^"]+)/.exec(socket.packets[0] ?? '')?.[1] ?? '';
      const connection = await attacker.connect();
      connection.write(
        httpRequest(attacker.url, {
          method,
          path: `${HANDSHAKE}&sid=${sid}`,
          body: method === 'POST' ? '3' : '',
        }),
      );
      return inTime(isRejected(connection).then(() => socket.lives()));
    },
  })),
  {
    what: 'requests an upgrade to an unknown path on a used connection: rejected or ended',
    begin: async (attacker) => {
      const { connection } = await attacker.write(httpRequest(attacker.url, { path: '/livez' }));
      connection.write(upgradeRequest(attacker.url, { path: '/nobody' }));
      return inTime(isRejected(connection));
    },
  },
  {
    what: 'requests an upgrade to an unknown path and keeps the connection: rejected or ended',
    begin: async (attacker) => {
      const connection = await attacker.connect({ clings: true });
      connection.write(upgradeRequest(attacker.url, { path: '/nobody' }));
      return inTime(isRejected(connection));
    },
  },
  ...UNSERVED.map((upgrade): LateRow => ({
    what: `requests an unserved upgrade, ${upgrade.headers?.['Upgrade'] ?? 'websocket'} at ${upgrade.path ?? ''}: rejected or ended`,
    begin: async (attacker) => {
      const connection = await attacker.connect();
      connection.write(upgradeRequest(attacker.url, upgrade));
      return inTime(isRejected(connection));
    },
  })),
  ...CLOSED.map(({ what, bytes, code }): LateRow => ({
    what: `sends no close frame after ${what}: ended`,
    begin: async (attacker) => {
      const socket = await attacker.socket({ clings: true });
      socket.write(bytes);
      return inTime(
        socket.closed(WITHIN_MS).then((closedWith) => {
          expect(closedWith).toBe(code);
        }),
      );
    },
  })),
  ...FLOODS.map(({ what, bytes, isAdmitted, reads }): LateRow => ({
    what: `floods with ${what}: disconnected`,
    begin: async (attacker) => {
      const webSocket = isAdmitted ? await attacker.socket() : await attacker.webSocket();
      webSocket.connection.reads(reads);
      webSocket.write(bytes);
      // The test does not read this connection, so only a write detects its end.
      const writing = setInterval(() => {
        if (!reads) webSocket.send('3');
      }, EVERY_MS);
      const end = webSocket.closed(WITHIN_MS).finally(() => {
        clearInterval(writing);
      });
      return inTime(
        end.then((code) => {
          expect(code).toBeUndefined();
        }),
      );
    },
  })),
];
