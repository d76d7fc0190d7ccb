import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@switchboard/infra/test';
import { Bystander } from './bystander.ts';
import { API, NO_HTTP } from './hostile-frames-http.ts';
import { RESPONSES, BEFORE_CONNECT, OF_A_SOCKET, type Outcome } from './hostile-frames-packets.ts';
import { OTHER_METHODS, POSTS, SESSIONLESS } from './hostile-frames-polling.ts';
import { ALLOWED_ORIGIN, COMPRESSION_OFFERS, OTHER_ORIGINS, REFUSED } from './hostile-frames-upgrade.ts';
import { EARLY_FRAMES, FRAMES } from './hostile-frames-websocket.ts';
import { LATE, type Late, type LateRow } from './hostile-frames-late.ts';
import { Attacker } from './raw-attacker.ts';
import { httpRequest, POLLING } from './raw-polling.ts';
import { BINARY, CONTINUATION, frame, PING, upgradeRequest, type RawWebSocket } from './raw-websocket.ts';

// Protocol violations: the gateway closes or rejects only that transport. The process keeps running, and
// other users see no effect.

let bystander: Bystander;
let attacker: Attacker;
/** Attacks that end by a timeout: they start first, and the last tests check them. */
const late = new Map<LateRow, Late & { attacker: Attacker }>();

beforeAll(async () => {
  bystander = await Bystander.start({ ALLOWED_ORIGINS: ALLOWED_ORIGIN });
  for (const row of LATE) {
    const its = await Attacker.of(bystander.system);
    late.set(row, { ...(await row.begin(its)), attacker: its });
  }
}, 90_000);
afterAll(() => bystander.stop(), 60_000);

beforeEach(async () => {
  attacker = await Attacker.of(bystander.system);
});
afterEach(async () => {
  try {
    await bystander.noticesNothing();
    expect(attacker.received).not.toMatch(INTERNALS);
  } finally {
    await attacker.leave();
  }
});

/** Paths, stack traces, and names of libraries and servers. */
const INTERNALS =
  /node_modules|\.[cm]?[jt]s:\d|\/src\/|\bat \S+ \(|postgres|nats:|express|socket\.io-|ECONN/i;

async function meets(webSocket: RawWebSocket, outcome: Outcome): Promise<void> {
  if (outcome === 'closes') {
    expect(await webSocket.closed()).toBe(1005);
    return;
  }
  const response = outcome === 'ignored' ? undefined : RESPONSES[outcome];
  if (response !== undefined) await webSocket.receives(response);
  if (!webSocket.packets.some((packet) => packet.startsWith('40{"sid"'))) await attacker.admit(webSocket);
  await webSocket.lives();
  const responses = webSocket.packets.filter((packet) => !OF_ANY_SOCKET.test(packet));
  expect(responses).toEqual(response === undefined ? [] : [expect.stringMatching(response)]);
}

/** The two handshakes, `ready`, and the replies to `lives()`. */
const OF_ANY_SOCKET = /^(0\{|40\{"sid"|42\["ready"|431000\d{4}\[)/;

const framesOf = (packets: readonly (string | Uint8Array)[], token: string): Uint8Array[] =>
  packets.map((packet) =>
    typeof packet === 'string' ? frame({ payload: packet.replaceAll('TOKEN', token) }) : packet,
  );

describe('a packet of a socket', () => {
  it.each(OF_A_SOCKET)('$what: $outcome', async ({ packets, outcome }) => {
    const token = attacker.token();
    const socket = await attacker.socket({}, token);
    socket.write(...framesOf(packets, token));
    await meets(socket, outcome);
  });

  it('closes the connection when it arrives after DISCONNECT', async () => {
    const socket = await attacker.socket();
    socket.send('41');
    await untilDone();
    socket.send('42["sendMessage",{}]');
    expect(await socket.closed()).toBe(1005);
  });

  it('joins no chat when it arrives directly after DISCONNECT', async () => {
    const socket = await attacker.socket({}, attacker.token('admin'));
    socket.send('41', `421["joinChat","${bystander.chatId}"]`);
    await untilDone();
    await bystander.send();
    await bystander.begin();
    socket.packets.length = 0;
    await attacker.admit(socket);
    await socket.lives();
    expect(socket.packets.filter((packet) => !OF_ANY_SOCKET.test(packet))).toEqual([
      expect.stringMatching(/^431\[\{"event":"error",.*"code":"UNAVAILABLE"/),
    ]);
  });

  it('DISCONNECT and CONNECT in one segment close the connection', async () => {
    const token = attacker.token();
    const socket = await attacker.socket({}, token);
    socket.send('41', `40{"token":"${token}"}`);
    expect(await socket.closed()).toBe(1005);
  });

  it('CONNECT after a completed DISCONNECT opens a socket again', async () => {
    const socket = await attacker.socket();
    socket.send('41');
    await untilDone();
    socket.packets.length = 0;
    await attacker.admit(socket);
    await socket.lives();
  });

  it('with a binary payload is rejected without naming Buffer internals', async () => {
    const socket = await attacker.socket();
    const placeholder = '{"_placeholder":true,"num":0}';
    socket.write(
      frame({ payload: `451-["sendMessage",{"chatId":"x","message":${placeholder}}]` }),
      frame({ opcode: BINARY, payload: 'x' }),
    );
    expect(await socket.receives('42["error"')).not.toMatch(/Buffer|readBigUInt|parent|offset/);
    await socket.lives();
  });
});

/** Waits for three requests, so that the gateway has processed what the test sent before them. */
async function untilDone(): Promise<void> {
  for (let n = 0; n < 3; n++) await attacker.request({ path: '/livez' });
}

describe('a packet before CONNECT', () => {
  it.each(BEFORE_CONNECT)('$what: $outcome', async ({ packets, outcome }) => {
    const webSocket = await attacker.webSocket();
    webSocket.write(...framesOf(packets, attacker.token()));
    await meets(webSocket, outcome);
  });

  it('in the segment of the upgrade is read', async () => {
    const webSocket = await attacker.webSocket({
      behind: Buffer.concat(framesOf(['40{"token":"TOKEN"}'], attacker.token())),
    });
    await webSocket.receives('40{"sid"');
    await webSocket.lives();
  });

  it('may be valid after rejected ones', async () => {
    const webSocket = await attacker.webSocket();
    for (let n = 0; n < 5; n++) {
      webSocket.packets.length = 0;
      webSocket.send('40{"token":"a.b.c"}');
      await webSocket.receives('44{');
    }
    await attacker.admit(webSocket);
    await webSocket.lives();
  });
});

describe('a frame', () => {
  it.each(FRAMES)('$what: closed with $code', async ({ bytes, code }) => {
    const socket = await attacker.socket();
    socket.write(bytes);
    expect(await socket.closed()).toBe(code);
  });

  it.each(EARLY_FRAMES)('before CONNECT, $what: closed with $code', async ({ bytes, code }) => {
    const webSocket = await attacker.webSocket();
    webSocket.write(bytes);
    expect(await webSocket.closed()).toBe(code);
  });

  it('may have a MiB, come in fragments with a ping between them, or be masked with zeros', async () => {
    const socket = await attacker.socket();
    socket.send(`42["${'x'.repeat(1_048_570)}"]`);
    socket.write(
      frame({ payload: '42["', fin: false }),
      frame({ opcode: PING, payload: 'x'.repeat(125) }),
      frame({ opcode: CONTINUATION, payload: 'y"]' }),
    );
    socket.connection.write(Buffer.concat([Buffer.from([0x81, 0x81, 0, 0, 0, 0]), Buffer.from('6')]));
    await socket.pongsCome(1);
    await socket.lives();
    expect(socket.packets.filter((packet) => packet.includes('UNKNOWN_EVENT'))).toHaveLength(3);
  });

  it('ends the socket when the connection ends within it', async () => {
    const socket = await attacker.socket({ clings: true });
    socket.connection.write(frame({ payload: '42["x"]' }).subarray(0, 5));
    socket.connection.end();
    await socket.closed();
  });
});

describe('many at once', () => {
  it('connections that clients reset are released', async () => {
    const { url } = attacker;
    const token = attacker.token();
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const form = `--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n${'x'.repeat(1_000)}`;
    const requests = [
      upgradeRequest(url, {}),
      upgradeRequest(url, { behind: frame({ payload: `40{"token":"${token}"}` }) }),
      upgradeRequest(url, { path: '/nobody' }),
      upgradeRequest(url, { headers: { Upgrade: 'h2c' } }),
      httpRequest(url, { path: POLLING }),
      httpRequest(url, { path: '/api/v1/chats', headers }),
      httpRequest(url, {
        method: 'POST',
        path: '/api/v1/chats',
        headers: { ...headers, 'Content-Length': '100' },
        body: '{',
      }),
      httpRequest(url, {
        method: 'POST',
        path: '/api/v1/files',
        headers: {
          ...headers,
          'Content-Type': 'multipart/form-data; boundary=b',
          'Content-Length': '1000000',
        },
        body: form,
      }),
    ];
    for (const request of [...requests, ...requests, ...requests]) {
      const connection = await attacker.connect();
      connection.write(request);
      await new Promise(setImmediate);
      connection.reset();
    }
  });

  it('requests on one connection each get a response', async () => {
    const connection = await attacker.connect();
    connection.write(
      Buffer.concat(Array.from({ length: 300 }, () => httpRequest(attacker.url, { path: '/livez' }))),
    );
    for (let n = 0; n < 300; n++) expect((await connection.response()).status).toBe(200);
  });
});

describe('an offer to compress', () => {
  it.each(COMPRESSION_OFFERS)('%s is declined, and the connection works', async (offer) => {
    const socket = await attacker.socket({ headers: { 'Sec-WebSocket-Extensions': offer } });
    expect(socket.response.headers).not.toHaveProperty('sec-websocket-extensions');
    await socket.lives();
  });
});

describe('an upgrade', () => {
  it.each(REFUSED)('$what: $status', async ({ upgrade, status }) => {
    expect((await attacker.refusedUpgrade(upgrade)).status).toBe(status);
  });

  it.each([
    ['a body', { 'Content-Length': '5' }, 'hello'],
    ['chunks', { 'Transfer-Encoding': 'chunked' }, '5\r\nhello\r\n0\r\n\r\n'],
  ])('with %s, which is no frame: closed with 1002', async (_what, headers, behind) => {
    const webSocket = await attacker.webSocket({ headers, behind });
    expect(await webSocket.closed()).toBe(1002);
  });

  it.each(['3', '999', '', '__proto__'])('of EIO=%s: 400', async (version) => {
    const { status, body } = await attacker.refusedUpgrade({
      path: `/socket.io/?EIO=${version}&transport=websocket`,
    });
    expect([status, body]).toEqual([400, '{"code":5,"message":"Unsupported protocol version"}']);
  });

  it('to polling is closed at once', async () => {
    const webSocket = await attacker.webSocket({ path: POLLING });
    expect(await webSocket.closed()).toBe(1005);
  });

  it('that is also a preflight is a preflight: 204', async () => {
    const connection = await attacker.connect();
    connection.write(
      upgradeRequest(attacker.url, { method: 'OPTIONS', headers: { Origin: ALLOWED_ORIGIN } }),
    );
    expect((await connection.response()).status).toBe(204);
  });
});

describe('an upgrade to an unknown path', () => {
  it('is rejected or ended, and released while its client still sends', async () => {
    const connection = await attacker.connect();
    connection.write(upgradeRequest(attacker.url, { path: '/nobody', behind: 'x'.repeat(100_000) }));
    expect((await connection.responseOrEnd())?.status ?? 400).toBeGreaterThanOrEqual(400);
  });
});

describe('an upgrade of a polling session', () => {
  const upgradeTo = (path: string) =>
    attacker.webSocket({ path: path.replace('transport=polling', 'transport=websocket') });

  it('a second time is closed, and the first goes on', async () => {
    const session = await attacker.admitByPolling();
    const first = await upgradeTo(session.path);
    first.send('2probe');
    await first.receives('3probe');
    const second = await upgradeTo(session.path);
    expect(await second.closed()).toBe(1005);
    first.send('5');
    await first.lives();
    const third = await upgradeTo(session.path);
    expect(await third.closed()).toBe(1005);
    expect((await session.get()).status).toBe(400);
    await first.lives();
  });

  it.each(['', '2', '6', '4x', '40', '2probe|4x', '2probe|42["x"]'])(
    'that begins with %j is closed, and the session goes on',
    async (packets) => {
      const session = await attacker.admitByPolling();
      const upgrade = await upgradeTo(session.path);
      upgrade.send(...packets.split('|'));
      expect(await upgrade.closed()).toBe(1005);
      expect(await session.isServed()).toBe(true);
    },
  );

  it('that is broken within a frame is closed, and the session goes on', async () => {
    const session = await attacker.admitByPolling();
    const upgrade = await upgradeTo(session.path);
    upgrade.write(frame({ opcode: 0x3 }));
    expect(await upgrade.closed()).toBe(1002);
    expect(await session.isServed()).toBe(true);
  });

  it('without a probe is an upgrade', async () => {
    const session = await attacker.admitByPolling();
    const upgrade = await upgradeTo(session.path);
    upgrade.send('5');
    await upgrade.lives();
  });

  it.each([
    ['POST', 405],
    ['PUT', 405],
  ])('by %s: %d, and the session goes on', async (method, status) => {
    const session = await attacker.admitByPolling();
    const path = session.path.replace('transport=polling', 'transport=websocket');
    expect((await attacker.refusedUpgrade({ method, path })).status).toBe(status);
    expect(await session.isServed()).toBe(true);
  });

  it('of another version: 400, and the session goes on', async () => {
    const session = await attacker.admitByPolling();
    const path = session.path.replace('EIO=4', 'EIO=3').replace('transport=polling', 'transport=websocket');
    expect((await attacker.refusedUpgrade({ path })).status).toBe(400);
    expect(await session.isServed()).toBe(true);
  });
});

describe('an origin', () => {
  it.each(OTHER_ORIGINS)('%j does not begin a polling session: 403', async (origin) => {
    const response = await attacker.request({ path: POLLING, headers: { Origin: origin } });
    expect(response).toMatchObject({ status: 403, body: '{"code":4,"message":"Origin not allowed"}' });
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it.each(OTHER_ORIGINS)('%j does not become a WebSocket', async (origin) => {
    expect((await attacker.refusedUpgrade({ headers: { Origin: origin } })).body).toBe(
      '{"code":4,"message":"Origin not allowed"}',
    );
  });

  it.each(['https://evil.example', 'null'])('%j gets 403 for an upgrade', async (origin) => {
    expect((await attacker.refusedUpgrade({ headers: { Origin: origin } })).status).toBe(403);
  });

  it.each([ALLOWED_ORIGIN, undefined])('%j is served by either transport', async (origin) => {
    const headers: Record<string, string> = origin === undefined ? {} : { Origin: origin };
    await (await attacker.socket({ headers })).lives();
    expect((await attacker.request({ path: POLLING, headers })).status).toBe(200);
  });
});

describe('polling', () => {
  it.each(SESSIONLESS)('$what: $status', async ({ request, status }) => {
    expect((await attacker.request(request)).status).toBe(status);
  });

  it.each(POSTS)(
    'POST of $what: $status, and the session $session',
    async ({ body, headers, status, session: then }) => {
      const session = await attacker.admitByPolling();
      expect((await session.post(body, headers)).status).toBe(status);
      expect(then === 'is over' ? await session.isOver() : await session.isServed()).toBe(true);
    },
  );

  it.each(OTHER_METHODS)('%s: 405, and the session goes on', async (method) => {
    const session = await attacker.admitByPolling();
    expect(await attacker.request({ method, path: session.path })).toMatchObject({ status: 405 });
    expect(await session.isServed()).toBe(true);
  });

  it('two concurrent GETs end the session: the first receives a close packet, the second 400', async () => {
    const session = await attacker.admitByPolling();
    const first = await attacker.connect();
    first.write(httpRequest(attacker.url, { path: session.path }));
    const firstResponse = first.response();
    await session.post('3');
    expect((await session.get()).status).toBe(400);
    expect(await firstResponse).toMatchObject({ status: 200, body: '1' });
    expect(await session.isOver()).toBe(true);
  });

  it('two GETs in one segment end the session', async () => {
    const session = await attacker.admitByPolling();
    const get = httpRequest(attacker.url, { path: session.path });
    const { response, connection } = await attacker.write(Buffer.concat([get, get]));
    expect(response).toMatchObject({ status: 200, body: '1' });
    expect((await connection.response()).status).toBe(400);
  });

  it('two concurrent POSTs end the session: the first is disconnected, the second gets 400', async () => {
    const session = await attacker.admitByPolling();
    const first = await attacker.connect();
    first.write(
      httpRequest(attacker.url, {
        method: 'POST',
        path: session.path,
        headers: { 'Content-Length': '5' },
        body: '4',
      }),
    );
    await waitFor(async () => (await session.post('3')).status === 400, {
      what: 'the second to be rejected',
    });
    await first.closed();
    expect(await session.isOver()).toBe(true);
  });

  it.each(['GET', 'POST'])('a %s that its client aborts ends the session', async (method) => {
    const session = await attacker.admitByPolling();
    const connection = await attacker.connect();
    connection.write(
      httpRequest(attacker.url, {
        method,
        path: session.path,
        headers: method === 'POST' ? { 'Content-Length': '50' } : {},
      }),
    );
    // After this response the server has also read the first request.
    expect((await attacker.request({ path: '/livez' })).status).toBe(200);
    connection.reset();
    await waitFor(() => session.isOver(), { what: 'the session to be over' });
  });

  it('JSONP echoes no input', async () => {
    const name = '%3C/script%3E%3Cscript%3Ealert(7)%3C/script%3E';
    const session = await attacker.pollingSession(`&j=${name}`);
    expect((await session.post(`d=${encodeURIComponent('40{"token":"</script>"}')}`)).body).toBe('ok');
    const { body } = await session.get();
    expect(body).toMatch(/^___eio\[7\]\("44\{.*\}"\);$/);
    expect(attacker.received).not.toContain('script');
  });

  it('JSONP ignores an invalid form', async () => {
    const session = await attacker.pollingSession('&j=1');
    expect((await session.post('d=1&d=2&__proto__=3')).body).toBe('ok');
    await session.post('d=40');
    expect((await session.get()).body).toMatch(/^___eio\[1\]\("44\{/);
  });
});

describe('invalid HTTP', () => {
  it.each(NO_HTTP)('$what: $status once, and the connection ends', async ({ bytes, status }) => {
    const { response, connection } = await attacker.write(bytes);
    expect(response).toMatchObject({ status, body: '' });
    await connection.closed();
    expect(connection.transcript.match(/^HTTP\/1\.1/gm)).toHaveLength(1);
  });

  it('empty lines get no response', async () => {
    const { response } = await attacker.write(
      Buffer.concat([Buffer.from('\r\n\n\r\n'), httpRequest(attacker.url, { path: '/livez' })]),
    );
    expect(response.status).toBe(200);
  });

  it.each(['/api/v1/chats', 'evil.example:443'])('CONNECT %s ends without a response', async (path) => {
    const connection = await attacker.connect();
    connection.write(httpRequest(attacker.url, { method: 'CONNECT', path }));
    await connection.closed();
    expect(connection.transcript).toBe('');
  });

  it('an unknown Expect header: 417', async () => {
    expect((await attacker.request({ path: '/livez', headers: { Expect: 'x' } })).status).toBe(417);
  });
});

describe('the API', () => {
  it.each(API)('$what: $status $code', async ({ request, status, code }) => {
    const headers = { Authorization: `Bearer ${attacker.token()}`, ...request.headers };
    const { response, connection } = await attacker.write(httpRequest(attacker.url, { ...request, headers }));
    expect(response.status).toBe(status);
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(response.body)).toMatchObject({ type: `urn:switchboard:error:${code}`, status, code });
    connection.write(httpRequest(attacker.url, { path: '/livez' }));
    expect((await connection.response()).status).toBe(200);
  });

  it.each(['a.b.c', `${'a'.repeat(9_000)}.b.c`, 'é', ''])('invalid token number %#: 401', async (token) => {
    expect(
      (await attacker.request({ path: '/api/v1/chats', headers: { Authorization: `Bearer ${token}` } }))
        .status,
    ).toBe(401);
  });

  it('an invalid URL gets a problem document too', async () => {
    const { status, headers } = await attacker.request({ path: 'http://[::/api/v1/chats' });
    expect([status, headers['content-type']]).toEqual([
      expect.any(Number),
      'application/problem+json; charset=utf-8',
    ]);
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it('an error response names a trace', async () => {
    const { headers } = await attacker.request({ path: '/api/v1/nobody', headers: { traceparent: '\xff' } });
    expect(headers['trace-id']).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
  });
});

describe('a slow or excessive client', () => {
  it.each(LATE)(
    '$what',
    async (row) => {
      const begun = late.get(row);
      try {
        await begun?.end();
      } finally {
        await begun?.attacker.leave();
      }
    },
    20_000,
  );
});

it('the system logged no error during all attacks', () => {
  const lines = readFileSync(bystander.system.log, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => (JSON.parse(line) as { level: number }).level >= 50)).toEqual([]);
});
