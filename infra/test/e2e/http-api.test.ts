import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Chat, Message } from '@switchboard/shared/contracts';
import { startSystem, waitFor, type TestSystem } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, http } from './client.ts';
import { codeOf, formWith, HttpUser, problemOf } from './http-client.ts';

// The whole HTTP API, on two gateways and two message-services.

const MAX_FILE_BYTES = 6 * 1024 * 1024;

let system: TestSystem;
let clients: Clients;

beforeAll(async () => {
  system = await startSystem({
    replicas: 'gateway=2,message-service=2',
    env: { MAX_FILE_BYTES: String(MAX_FILE_BYTES) },
  });
  clients = new Clients(system);
}, 90_000);
afterEach(() => {
  clients.closeAll();
});
afterAll(() => system.stop(), 60_000);

const UUID = /^[0-9a-f-]{36}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const STATUSES = ['PENDING', 'ACTIVE', 'CLOSED'] as const;

const client = (gateway = 0) => new HttpUser(system, aClient(), gateway);
const admin = (gateway = 0) => new HttpUser(system, anAdmin(), gateway);

describe('every route', () => {
  const routes = [
    ['POST', '/chats'],
    ['GET', '/chats'],
    ['GET', `/chats/${randomUUID()}`],
    ['PATCH', `/chats/${randomUUID()}`],
    ['GET', `/chats/${randomUUID()}/messages`],
    ['POST', '/files'],
    ['GET', `/files/${randomUUID()}`],
    ['GET', '/limits'],
  ] as const;

  it.each(routes)(
    '%s %s needs a Bearer token, and does not say why a token is invalid',
    async (method, path) => {
      const token = system.token(aClient());
      const authorizations = [
        undefined,
        `Basic ${token}`,
        token,
        'Bearer',
        'Bearer x',
        `Bearer ${token.slice(0, -6)}`,
        `Bearer ${token} ${token}`,
      ];
      for (const authorization of authorizations) {
        const response = await fetch(`${system.url}/api/v1${path}?token=${token}`, {
          method,
          headers: authorization === undefined ? {} : { authorization },
        });
        const problem = problemOf({
          status: response.status,
          body: await response.json(),
          type: response.headers.get('content-type'),
        });
        expect({ ...problem, traceId: '' }).toEqual({
          type: 'urn:switchboard:error:UNAUTHORIZED',
          title: 'A valid token is needed.',
          status: 401,
          code: 'UNAUTHORIZED',
          retryable: false,
          traceId: '',
        });
      }
    },
  );

  it('that does not exist returns a problem document, too', async () => {
    expect(codeOf(await client().request('GET', '/nothing'))).toBe('404 ROUTE_NOT_FOUND');
    expect(codeOf(await client().request('DELETE', `/chats/${randomUUID()}`))).toBe('405 METHOD_NOT_ALLOWED');
    const elsewhere = await fetch(`${system.url}/nothing`);
    expect(
      problemOf({
        status: elsewhere.status,
        body: await elsewhere.json(),
        type: elsewhere.headers.get('content-type'),
      }).code,
    ).toBe('ROUTE_NOT_FOUND');
  });

  it('refuses an unreadable request with a problem document', async () => {
    expect(codeOf(await client().request('GET', '/chats/%E0%A4%A'))).toBe('400 VALIDATION');
    const post = async (body: string) => {
      const response = await fetch(`${system.url}/api/v1/chats`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${system.token(anAdmin())}` },
      });
      return codeOf({
        status: response.status,
        body: await response.json(),
        type: response.headers.get('content-type'),
      });
    };
    expect(await post('{"clientId":')).toBe('400 VALIDATION');
    expect(await post('[1]')).toBe('400 VALIDATION');
    expect(await post(`{"clientId":"${'9'.repeat(70_000)}"}`)).toBe('413 TOO_LARGE');
  });
});

describe('POST /chats', () => {
  it('opens a chat for the client who sends the request', async () => {
    const owner = client();
    const { status, body } = await owner.request('POST', '/chats');
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(UUID),
      clientId: owner.subject.id,
      status: 'PENDING',
      createdAt: expect.stringMatching(ISO),
      updatedAt: expect.stringMatching(ISO),
      waitingSince: expect.stringMatching(ISO),
    });
    expect(await owner.openChat({ clientId: owner.subject.id })).toMatchObject({
      clientId: owner.subject.id,
    });
  });

  it('opens a chat for the client whom an admin names', async () => {
    const { id } = aClient();
    expect(await admin().openChat({ clientId: id })).toMatchObject({ clientId: id, status: 'PENDING' });
    expect(codeOf(await admin().request('POST', '/chats'))).toBe('400 VALIDATION');
  });

  it('refuses a client who names another', async () => {
    expect(codeOf(await client().request('POST', '/chats', { clientId: aClient().id }))).toBe(
      '403 FORBIDDEN',
    );
  });

  it.each([
    { clientId: '7' },
    { clientId: 0 },
    { clientId: -1 },
    { clientId: 1.5 },
    { clientId: 2 ** 53 },
    { clientId: null },
    { clientId: 7, status: 'ACTIVE' },
    { id: randomUUID() },
  ])('refuses %j', async (body) => {
    const problem = problemOf(await admin().request('POST', '/chats', body));
    expect(problem).toMatchObject({
      status: 400,
      code: 'VALIDATION',
      details: { issues: [{ problem: expect.any(String) }] },
    });
  });
});

describe('GET /chats', () => {
  it("lists a client's own chats, newest first, and an admin all of them", async () => {
    const owner = client();
    const mine = [await owner.openChat(), await owner.openChat(), await owner.openChat()];
    const other = await client(1).openChat();

    expect(await owner.on(1).chats({})).toEqual({ chats: mine.toReversed() });
    const all = (await admin().chats({ limit: '100' })).chats.map((chat) => chat.id);
    expect(all).toEqual(expect.arrayContaining([...mine, other].map((chat) => chat.id)));
  });

  it('filters by status, the longest waiting first', async () => {
    const owner = client();
    const agent = admin();
    const [first, second, third] = [await owner.openChat(), await owner.openChat(), await owner.openChat()];
    await agent.patch(second.id, { status: 'ACTIVE', adminId: agent.subject.id });

    const idsOf = async (status: string) => (await owner.chats({ status })).chats.map((chat) => chat.id);
    expect(await idsOf('PENDING')).toEqual([first.id, third.id]);
    expect(await idsOf('ACTIVE')).toEqual([second.id]);
    expect(await idsOf('CLOSED')).toEqual([]);
    const waiting = (await agent.on(1).chats({ status: 'PENDING', limit: '100' })).chats;
    expect(waiting.map((chat) => chat.createdAt)).toEqual(waiting.map((chat) => chat.createdAt).toSorted());
    expect(waiting.every((chat) => chat.status === 'PENDING')).toBe(true);
  });

  it.each<[string, Record<string, string>]>([
    ['all', {}],
    ['PENDING', { status: 'PENDING' }],
  ])('returns every chat once over all pages while others are opened: %s', async (_which, filter) => {
    const owner = client();
    const before: string[] = [];
    for (let n = 0; n < 7; n++) before.push((await owner.openChat()).id);

    const seen: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await owner.chats({ ...filter, limit: '2', ...(cursor === undefined ? {} : { cursor }) });
      expect(page.chats.length).toBeLessThanOrEqual(2);
      seen.push(...page.chats.map((chat) => chat.id));
      cursor = page.nextCursor;
      if (seen.length < 6) await owner.on(1).openChat();
    }

    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => before.includes(id))).toEqual(
      'status' in filter ? before : before.toReversed(),
    );
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=x',
    'limit=1e1',
    'limit=1&limit=2',
    'status=OPEN',
    'status=',
    'cursor=x',
    'cursor=',
    'clientId=1',
    'cursor=bnVsbA',
  ])('refuses ?%s', async (query) => {
    expect(codeOf(await client().request('GET', `/chats?${query}`))).toBe('400 VALIDATION');
  });
});

describe('GET /chats/:id', () => {
  it('returns the chat to its client and any admin, on both gateways', async () => {
    const owner = client();
    const chat = await owner.openChat();
    expect(await owner.on(1).chat(chat.id)).toEqual(chat);
    expect(await admin().chat(chat.id)).toEqual(chat);
  });
});

describe('a chat that is foreign, missing, or not an id', () => {
  it.each([
    ['GET', '', undefined],
    ['PATCH', '', { status: 'CLOSED' }],
    ['PATCH', '', { status: 'ACTIVE', adminId: 1 }],
    ['GET', '/messages', undefined],
    ['GET', '/messages?limit=1', undefined],
  ] as const)('%s /chats/:id%s reads the same each time', async (method, suffix, body) => {
    const { id } = await client().openChat();
    const stranger = client(1);
    const ids = [
      id,
      randomUUID(),
      'chat-id-123',
      id.toUpperCase(),
      `${id}0`,
      '0',
      'null',
      '%00',
      `${id}%0a`,
      '..%2Fchats',
      '*',
      encodeURIComponent(`' OR 1=1 --`),
    ];
    const responses = await Promise.all(
      ids.map((one) => stranger.request(method, `/chats/${one}${suffix}`, body)),
    );
    const texts = responses.map((response) => JSON.stringify({ ...problemOf(response), traceId: '' }));
    expect(new Set(texts)).toEqual(
      new Set([
        JSON.stringify({
          type: 'urn:switchboard:error:CHAT_NOT_FOUND',
          title: 'There is no such chat.',
          status: 404,
          code: 'CHAT_NOT_FOUND',
          retryable: false,
          traceId: '',
        }),
      ]),
    );
  });
});

describe('PATCH /chats/:id', () => {
  /** Opens a chat and moves it to a status by valid steps. */
  async function aChatThatIs(status: (typeof STATUSES)[number], agent: HttpUser): Promise<Chat> {
    const chat = await client().openChat();
    if (status === 'PENDING') return chat;
    const { body } = await agent.patch(chat.id, {
      status,
      ...(status === 'ACTIVE' ? { adminId: agent.subject.id } : {}),
    });
    expect(body).toMatchObject({ status });
    return agent.chat(chat.id);
  }

  const legal = ['PENDING→ACTIVE', 'PENDING→CLOSED', 'ACTIVE→CLOSED', 'ACTIVE→PENDING', 'CLOSED→PENDING'];
  it.each(
    STATUSES.flatMap((from) =>
      STATUSES.filter((to) => to !== from).map((to) => ({
        from,
        to,
        isLegal: legal.includes(`${from}→${to}`),
      })),
    ),
  )('$from→$to is legal: $isLegal', async ({ from, to, isLegal }) => {
    const agent = admin();
    const before = await aChatThatIs(from, agent);

    const response = await agent.on(1).patch(before.id, { status: to });

    const after = await agent.chat(before.id);
    if (isLegal) {
      expect(response).toMatchObject({ status: 200, body: { id: before.id, status: to } });
      expect(after).toEqual(response.body);
      expect(after.updatedAt > before.updatedAt).toBe(true);
    } else {
      expect(problemOf(response)).toMatchObject({
        status: 409,
        code: 'CHAT_CONFLICT',
        retryable: false,
        details: { status: from },
      });
      expect(after).toEqual(before);
    }
  });

  it.each(STATUSES)('a change to %s that already holds changes nothing', async (status) => {
    const agent = admin();
    const before = await aChatThatIs(status, agent);
    expect(await agent.on(1).patch(before.id, { status })).toMatchObject({ status: 200, body: before });
    expect(await agent.chat(before.id)).toEqual(before);
  });

  it('claims and releases', async () => {
    const agent = admin();
    const chat = await client().openChat();
    expect(await agent.patch(chat.id, { status: 'ACTIVE', adminId: agent.subject.id })).toMatchObject({
      status: 200,
      body: { status: 'ACTIVE', adminId: agent.subject.id },
    });
    const released = await agent.on(1).patch(chat.id, { status: 'PENDING' });
    expect(released).toMatchObject({ status: 200, body: { status: 'PENDING' } });
    expect(released.body).not.toHaveProperty('adminId');
  });

  it('gives a chat that two admins claim at the same time to one, and names the owner to the other', async () => {
    for (let round = 0; round < 8; round++) {
      const agents = [admin(0), admin(1)];
      const chat = await client().openChat();
      const responses = await Promise.all(
        agents.map((agent) => agent.patch(chat.id, { status: 'ACTIVE', adminId: agent.subject.id })),
      );

      expect(responses.map((response) => response.status).toSorted()).toEqual([200, 409]);
      const winner = agents[responses.findIndex((response) => response.status === 200)];
      const lost = responses.find((response) => response.status === 409)!;
      expect(problemOf(lost)).toMatchObject({
        code: 'CHAT_CONFLICT',
        details: { status: 'ACTIVE', adminId: winner?.subject.id },
      });
      expect((await admin().chat(chat.id)).adminId).toBe(winner?.subject.id);
    }
  });

  it('lets a client close their own chat, and change nothing else', async () => {
    const owner = client();
    const chat = await owner.openChat();
    const changes = [
      { status: 'ACTIVE' },
      { status: 'PENDING' },
      { status: 'CLOSED', adminId: 1 },
      { adminId: owner.subject.id },
    ];
    for (const change of changes) expect(codeOf(await owner.patch(chat.id, change))).toBe('403 FORBIDDEN');
    expect(await owner.chat(chat.id)).toEqual(chat);
    expect(await owner.patch(chat.id, { status: 'CLOSED' })).toMatchObject({
      status: 200,
      body: { status: 'CLOSED' },
    });
    expect(codeOf(await owner.patch(chat.id, { status: 'PENDING' }))).toBe('403 FORBIDDEN');
    expect((await owner.on(1).chat(chat.id)).status).toBe('CLOSED');
  });

  it('takes effect with the response: neither gateway accepts a message in a closed chat', async () => {
    const owner = client();
    const chat = await owner.openChat();
    const sockets = [await clients.connect(owner.subject, 0), await clients.connect(owner.subject, 1)];
    expect((await owner.patch(chat.id, { status: 'CLOSED' })).status).toBe(200);
    for (const socket of sockets) {
      expect(
        await socket.request('sendMessage', { chatId: chat.id, message: { text: 'late' } }),
      ).toMatchObject({
        event: 'error',
        code: 'CHAT_CLOSED',
      });
    }
    expect(await owner.messages(chat.id)).toEqual({ messages: [] });
  });

  it.each([
    {},
    undefined,
    { status: 'active' },
    { status: null },
    { adminId: '7' },
    { adminId: 0 },
    { adminId: null },
    { status: 'CLOSED', clientId: 1 },
    { status: 'CLOSED', chatId: randomUUID() },
  ])('refuses %j', async (change) => {
    const chat = await client().openChat();
    expect(codeOf(await admin().patch(chat.id, change))).toBe('400 VALIDATION');
    expect(await admin().chat(chat.id)).toEqual(chat);
  });
});

describe('GET /chats/:id/messages', () => {
  it('returns pages from the newest back, oldest first within a page, 50 by default', async () => {
    const owner = client();
    const { id: chatId } = await owner.openChat();
    expect(await owner.messages(chatId)).toEqual({ messages: [] });
    const socket = await clients.connect(owner.subject);
    const sent: Message[] = [];
    for (let n = 1; n <= 53; n++)
      sent.push((await socket.request('sendMessage', { chatId, message: { text: `m${n}` } })).data);

    const newest = await owner.on(1).messages(chatId);
    expect(newest.messages).toEqual(sent.slice(3));
    const rest = await owner.messages(chatId, { cursor: newest.nextCursor ?? '' });
    expect(rest).toEqual({ messages: sent.slice(0, 3) });
    expect(await admin().messages(chatId, { limit: '100' })).toEqual({ messages: sent });
    expect((await admin().messages(chatId, { limit: '1' })).messages).toEqual(sent.slice(-1));
  });

  it('neither repeats nor skips a message while others are inserted', async () => {
    const owner = client();
    const { id: chatId } = await owner.openChat();
    const writers = [await clients.connect(owner.subject, 0), await clients.connect(owner.subject, 1)];
    const write = (writer: (typeof writers)[number], count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, n) =>
          writer.request('sendMessage', { chatId, message: { text: `w${n}` } }),
        ),
      );
    for (let n = 0; n < 5; n++) await write(writers[0]!, 12);

    let isReading = true;
    const writing = Promise.all(
      writers.map(async (writer) => {
        while (isReading) await write(writer, 3);
      }),
    );
    const pages: Message[][] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await owner
        .on(pages.length % 2)
        .messages(chatId, { limit: '7', ...(cursor === undefined ? {} : { cursor }) });
      pages.push(page.messages);
      cursor = page.nextCursor;
    }
    isReading = false;
    await writing;

    const seqs = pages
      .toReversed()
      .flat()
      .map((message) => message.seq);
    expect(seqs.length).toBeGreaterThanOrEqual(60);
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => index + 1));
    expect((await owner.messages(chatId, { limit: '1' })).messages[0]?.seq).toBeGreaterThan(seqs.length);
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'cursor=x',
    'cursor=',
    'cursor=YmVmb3JlOjA',
    'cursor=YmVmb3JlOjk5OTk5OTk5OTk',
    'before=1',
    'chatId=1',
  ])('refuses ?%s', async (query) => {
    const owner = client();
    const { id } = await owner.openChat();
    expect(codeOf(await owner.request('GET', `/chats/${id}/messages?${query}`))).toBe('400 VALIDATION');
  });
});

/** A zip bomb: its one entry claims 2 GB and holds 100 MB of zeros. */
function zipBomb(): Buffer<ArrayBuffer> {
  const content = deflateRawSync(Buffer.alloc(100_000_000));
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(content.length, 18);
  header.writeUInt32LE(2 ** 31, 22);
  header.writeUInt16LE(1, 26);
  return Buffer.concat([header, Buffer.from('a'), content]);
}

function pngBomb(): Buffer<ArrayBuffer> {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.from('0000ffff0000ffff0800000000', 'hex');
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(50_000_000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The memory of all replicas of a program, in bytes, from the kernel. */
async function memoryOf(...kinds: string[]): Promise<number> {
  const processes = (await system.processes()).filter(({ name }) =>
    kinds.some((kind) => name.startsWith(kind)),
  );
  return processes.reduce(
    (sum, { pid }) =>
      sum + 1_024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
    0,
  );
}

describe('files', () => {
  /** Sends a client's message with a file in a new chat. */
  async function sentFile(bytes: Buffer<ArrayBuffer>, name: string, type: string) {
    const owner = client(1);
    const { id: chatId } = await owner.openChat();
    const file = await owner.uploadFile(bytes, name, type);
    const socket = await clients.connect(owner.subject);
    const { data: message } = await socket.request('sendMessage', { chatId, message: { fileId: file.id } });
    return { owner, chatId, file, socket, message, fileUrl: message.fileUrl ?? '' };
  }

  it('are unchanged when uploaded on one gateway and opened on another, with a token or without', async () => {
    const bytes = randomBytes(5 * 1024 * 1024);
    const { owner, chatId, file, message, fileUrl } = await sentFile(
      bytes,
      'report.bin',
      'application/octet-stream',
    );
    expect(file).toEqual({
      id: expect.stringMatching(UUID),
      name: 'report.bin',
      contentType: 'application/octet-stream',
      size: bytes.length,
    });
    expect(message).not.toHaveProperty('text');

    const opened = await fetch(fileUrl);
    expect(opened.status).toBe(200);
    expect(bytes.equals(await opened.bytes())).toBe(true);
    const readers = [owner, owner.on(0), admin(0), admin(1)];
    for (const reader of readers) {
      const read = await reader.fetch(`/files/${file.id}`);
      expect(read.status).toBe(200);
      expect(read.headers.get('content-length')).toBe(String(bytes.length));
      expect(bytes.equals(await read.bytes())).toBe(true);
    }
    const history = (await admin().messages(chatId)).messages;
    expect((await fetch(history[0]?.fileUrl ?? '')).status).toBe(200);
  });

  it('are readable by the uploader, and once sent by all members of the chat, but by no stranger', async () => {
    const owner = client();
    const { id: chatId } = await owner.openChat();
    const agent = admin(1);
    const file = await agent.uploadFile('for your eyes', 'note.txt', 'text/plain');
    const statusFor = async (reader: HttpUser) => (await reader.fetch(`/files/${file.id}`)).status;
    expect(await statusFor(agent)).toBe(200);
    expect(await statusFor(owner)).toBe(404);
    expect(await statusFor(admin())).toBe(404);

    await (
      await clients.connect(agent.subject)
    ).request('sendMessage', { chatId, message: { text: 'look', fileId: file.id } });
    expect(await statusFor(owner.on(1))).toBe(200);
    expect(await statusFor(admin())).toBe(200);
    expect(await statusFor(client())).toBe(404);
  });

  it('that are foreign, missing or not an id get the same response', async () => {
    const { file } = await sentFile(Buffer.from('x'), 'x.txt', 'text/plain');
    const stranger = client();
    const responses = await Promise.all(
      [file.id, randomUUID(), 'no-id', file.id.toUpperCase(), '..%2F..%2Fsecrets'].map((id) =>
        stranger.request('GET', `/files/${id}`),
      ),
    );
    const texts = responses.map((response) => JSON.stringify({ ...problemOf(response), traceId: '' }));
    expect(new Set(texts)).toEqual(new Set([texts[0]]));
    expect(problemOf(responses[0]!)).toMatchObject({ status: 404, code: 'FILE_NOT_FOUND' });
  });

  it('open without a header only by the issued URL', async () => {
    const first = await sentFile(Buffer.from('first'), 'a.txt', 'text/plain');
    const second = await sentFile(Buffer.from('second'), 'b.txt', 'text/plain');
    const expires = Number(new URL(first.fileUrl).searchParams.get('expires'));
    expect(expires * 1000).toBeGreaterThan(Date.now() + 60_000);
    const altered = [
      first.fileUrl.replace(first.file.id, second.file.id),
      first.fileUrl.replace(String(expires), String(expires + 3600)),
      first.fileUrl.replace(/signature=.{4}/, 'signature=AAAA'),
      first.fileUrl.slice(0, -1),
      first.fileUrl.replace(/expires=\d+&/, 'expires=1&'),
    ];
    for (const url of altered) {
      const response = await fetch(url);
      expect(
        problemOf({
          status: response.status,
          body: await response.json(),
          type: response.headers.get('content-type'),
        }).code,
      ).toBe('FILE_NOT_FOUND');
    }
    const bare = await fetch(first.fileUrl.replace(/\?.*/, ''));
    expect(bare.status).toBe(401);
    await bare.body?.cancel();
  });

  it("of another user cannot be sent, even by an admin or into the uploader's chat", async () => {
    const { chatId, file, owner } = await sentFile(Buffer.from('mine'), 'mine.txt', 'text/plain');
    const agent = await clients.connect(anAdmin(), 1);
    const { id: strangersChat } = await client().openChat();
    for (const target of [chatId, strangersChat]) {
      expect(
        await agent.request('sendMessage', { chatId: target, message: { text: 'stolen', fileId: file.id } }),
      ).toMatchObject({ event: 'error', code: 'FILE_NOT_FOUND' });
    }
    expect((await owner.messages(chatId)).messages).toHaveLength(1);
    expect((await admin().messages(strangersChat)).messages).toEqual([]);
  });

  it('appear in the broadcast and in the message that quotes them', async () => {
    const { chatId, file, socket, message, owner } = await sentFile(
      Buffer.from('quoted'),
      'q.txt',
      'text/plain',
    );
    const watcher = await clients.connect(anAdmin(), 1);
    await watcher.request('joinChat', chatId);
    await socket.request('sendMessage', { chatId, message: { text: 'see above', replyToId: message.id } });
    const received = await watcher.receives('newMessage');
    expect(received.replyTo?.fileUrl).toContain(file.id);
    expect((await owner.messages(chatId)).messages.at(-1)?.replyTo?.fileUrl).toContain(file.id);
  });

  it.each([
    ['photo.png', 'image/png', 'inline'],
    ['photo.jpg', 'image/jpeg', 'inline'],
    ['drawing.svg', 'image/svg+xml', 'attachment'],
    ['page.html', 'text/html', 'attachment'],
    ['script.js', 'text/javascript', 'attachment'],
    ['paper.pdf', 'application/pdf', 'attachment'],
    ['no extension', 'x-made/up', 'attachment'],
  ])('%s of type %s is served as %s, without content sniffing', async (name, type, disposition) => {
    const { fileUrl } = await sentFile(Buffer.from('<script>alert(1)</script>'), name, type);
    const response = await fetch(fileUrl);
    expect(response.headers.get('content-disposition')).toMatch(new RegExp(`^${disposition}; filename`));
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-type')?.split(';')[0]).toBe(type);
    expect(await response.text()).toBe('<script>alert(1)</script>');
  });

  it.each([
    ['an archive of two gigabytes', 'bomb.zip', 'application/zip', zipBomb()],
    ['an image of four billion points', 'bomb.png', 'image/png', pngBomb()],
    ['gzip of gzip', 'bomb.gz', 'application/gzip', gzipSync(gzipSync(Buffer.alloc(50_000_000)))],
  ])(
    '%s is never unpacked: its bytes come back unchanged, at the cost of their size',
    async (_what, name, type, bomb) => {
      const before = await memoryOf('gateway', 'message-service');
      const { fileUrl } = await sentFile(Buffer.from(bomb), name, type);
      expect(bomb.equals(await (await fetch(fileUrl)).bytes())).toBe(true);
      const after = await memoryOf('gateway', 'message-service');
      expect(after - before).toBeLessThan(100 * 1024 * 1024);
    },
  );

  it.each(['../../../etc/passwd', 'C:\\temp\\evil.txt', 'a\r\nSet-Cookie: x=1', `${'n'.repeat(500)}.txt`])(
    'named %j is kept under a name without a path',
    async (name) => {
      const file = await client().uploadFile('x', name, 'text/plain');
      expect(file.name).not.toMatch(/[/\\\r\n]/);
      expect(file.name.length).toBeLessThanOrEqual(255);
    },
  );

  it('may be empty', async () => {
    const { file, fileUrl } = await sentFile(Buffer.alloc(0), 'empty.txt', 'text/plain');
    expect(file.size).toBe(0);
    expect((await (await fetch(fileUrl)).bytes()).length).toBe(0);
  });

  it('may have up to MAX_FILE_BYTES; a refused file leaves no bytes behind', async () => {
    const uploader = client(1);
    const largest = await uploader.uploadFile(Buffer.alloc(MAX_FILE_BYTES, 'x'), 'largest', 'text/plain');
    expect(largest.size).toBe(MAX_FILE_BYTES);
    const tooLarge = formWith(
      'file',
      new File([Buffer.alloc(MAX_FILE_BYTES + 1, 'x')], 'larger', { type: 'text/plain' }),
    );
    expect(codeOf(await uploader.upload(tooLarge))).toBe('413 TOO_LARGE');
    await waitFor(async () => !(await filesOnDisk()).some((name) => name.endsWith('.part')), {
      what: 'the refused bytes to be removed',
    });
  });

  it.each([
    ['without a file', () => new FormData()],
    ['with another field', () => formWith('upload', new File(['x'], 'x.txt'))],
    ['with two files', () => formWith('file', new File(['x'], 'x.txt'), new File(['y'], 'y.txt'))],
    [
      'with a text in place of the file',
      () => {
        const form = new FormData();
        form.append('file', 'text');
        return form;
      },
    ],
  ])('a form %s is refused', async (_what, form) => {
    expect(codeOf(await client().upload(form()))).toBe('400 VALIDATION');
  });

  it('are refused in any body but a form', async () => {
    expect(codeOf(await client().request('POST', '/files', { file: 'x' }))).toBe(
      '415 UNSUPPORTED_MEDIA_TYPE',
    );
    const broken = await fetch(`${system.url}/api/v1/files`, {
      method: 'POST',
      body: '--x\r\nnonsense',
      headers: {
        authorization: `Bearer ${system.token(aClient())}`,
        'content-type': 'multipart/form-data; boundary=x',
      },
    });
    expect(
      codeOf({ status: broken.status, body: await broken.json(), type: broken.headers.get('content-type') }),
    ).toBe('400 VALIDATION');
    expect(codeOf(await http(system, aClient(), 'POST', '/files'))).toBe('400 VALIDATION');
  });

  const filesOnDisk = (): Promise<string[]> => readdir(join(system.dataDir, 'files'));
});
