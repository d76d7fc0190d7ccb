import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Bus } from '@switchboard/shared/bus';
import {
  chatContracts,
  chatHeads,
  type Actor,
  type ChatFacts,
  type Heads,
} from '@switchboard/shared/contracts';
import { silent, waitFor } from '@switchboard/infra/test';
import pg from 'pg';
import {
  AFTER,
  admin,
  aClient,
  type Change,
  failureOf,
  Harness,
  otherAdmin,
  startMessageService,
  type MessageService,
} from './harness.ts';

let chats: Harness;
let messageService: MessageService;
let presence: Bus;
beforeAll(async () => {
  chats = await Harness.start();
  messageService = await startMessageService(chats.nats);
  presence = await Bus.connect({
    url: chats.nats.url('presence-service'),
    user: 'presence-service',
    logger: silent,
  });
});
afterAll(async () => {
  await presence.close();
  await messageService.stop();
  await chats.stop();
});

const claim = (actor: Actor) => ({ status: 'ACTIVE', adminId: actor.id }) as const;
const appliedOf = (chatId: string): ChatFacts[] => messageService.applied.filter(({ id }) => id === chatId);

describe('a change', () => {
  it('claims, hands over, releases, closes and reopens, each logged with the next rev', async () => {
    const client = aClient();
    const { id, createdAt } = await chats.open(client);
    expect(await chats.update(admin, id, claim(admin))).toMatchObject({
      status: 'ACTIVE',
      adminId: 1,
      createdAt,
    });
    expect(await chats.update(admin, id, { adminId: 2 })).toMatchObject({
      status: 'ACTIVE',
      adminId: 2,
    });
    expect(await chats.update(admin, id, { status: 'PENDING' })).not.toHaveProperty('adminId');
    expect(await chats.update(admin, id, { status: 'ACTIVE' })).toMatchObject({ adminId: 1 });
    expect(await chats.update(client, id, { status: 'CLOSED' })).toMatchObject({
      status: 'CLOSED',
      adminId: 1,
    });
    const reopened = await chats.update(admin, id, { status: 'PENDING' });
    expect(await chats.get(client, id)).toEqual(reopened);
    expect(Date.parse(reopened.updatedAt)).toBeGreaterThanOrEqual(Date.parse(createdAt));

    const placed = { at: expect.any(String), by: admin.id, afterSeq: AFTER.afterSeq };
    const changed = (rev: number, status: string, adminId?: number, by = admin.id) => ({
      event: 'chatStatusChanged',
      rev,
      afterRev: AFTER.afterRev,
      payload: { chatId: id, status, adminId, ...placed, by },
    });
    const assigned = (rev: number, adminId: number) => ({
      event: 'chatAssigned',
      rev,
      afterRev: AFTER.afterRev,
      payload: { chatId: id, adminId, ...placed },
    });
    expect(await chats.log(id)).toEqual({
      hasMore: false,
      entries: [
        { event: 'chatOpened', rev: 1, payload: { chatId: id, clientId: client.id } },
        changed(2, 'ACTIVE', 1),
        assigned(3, 1),
        assigned(4, 2),
        changed(5, 'PENDING'),
        changed(6, 'ACTIVE', 1),
        assigned(7, 1),
        changed(8, 'CLOSED', 1, client.id),
        changed(9, 'PENDING'),
      ],
    });
    expect(appliedOf(id).map(({ version, status, adminId }) => [version, status, adminId])).toEqual([
      [3, 'ACTIVE', 1],
      [4, 'ACTIVE', 2],
      [5, 'PENDING', undefined],
      [7, 'ACTIVE', 1],
      [8, 'CLOSED', 1],
      [9, 'PENDING', undefined],
    ]);
  });

  it('is published to the room with its rev and its place, without an author', async () => {
    const { id } = await chats.open(aClient());
    const received: unknown[] = [];
    await chats.gateway
      .followRoom(id, (owner, { meta, payload }) =>
        received.push({
          owner,
          event: meta.event,
          rev: meta.rev,
          author: meta.author,
          afterRev: meta.afterRev,
          payload: JSON.parse(payload),
        }),
      )
      .untilSubscribed();
    await chats.update(admin, id, claim(admin));
    await waitFor(() => received.length > 1, { what: 'the change' });
    const fromChat = { owner: 'chat', author: undefined, afterRev: AFTER.afterRev };
    const { updatedAt: at } = await chats.get(admin, id);
    const placed = { at, by: admin.id, afterSeq: AFTER.afterSeq };
    expect(received).toEqual([
      {
        ...fromChat,
        event: 'chatStatusChanged',
        rev: 2,
        payload: { chatId: id, status: 'ACTIVE', adminId: 1, ...placed },
      },
      { ...fromChat, event: 'chatAssigned', rev: 3, payload: { chatId: id, adminId: 1, ...placed } },
    ]);
  });

  it('that is not legal changes nothing and fails with the current state', async () => {
    const client = aClient();
    const { id } = await chats.open(client);
    await chats.update(admin, id, claim(admin));
    expect(await failureOf(chats.update(otherAdmin, id, claim(otherAdmin)))).toMatchObject({
      code: 'CHAT_CONFLICT',
      details: { status: 'ACTIVE', adminId: 1 },
    });
    expect(await failureOf(chats.update(client, id, { status: 'PENDING' }))).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect((await chats.log(id)).entries).toHaveLength(3);
    expect(await chats.get(admin, id)).toMatchObject({ status: 'ACTIVE', adminId: 1 });
  });

  it.each<[how: string, change: (actor: Actor) => Change]>([
    ['naming themselves', claim],
    ['naming no admin', () => ({ status: 'ACTIVE' })],
    ['by their id alone', ({ id }) => ({ adminId: id })],
  ])(
    "succeeds for one of two admins who claim at the same time, %s; the other's failure names the winner",
    async (_, changeOf) => {
      for (let round = 0; round < 5; round++) {
        const { id } = await chats.open(aClient());
        const outcomes = await Promise.allSettled(
          [admin, otherAdmin].map((actor) => chats.update(actor, id, changeOf(actor))),
        );
        const won = outcomes.flatMap((outcome) =>
          outcome.status === 'fulfilled' ? [outcome.value.adminId] : [],
        );
        const lost: unknown[] = outcomes.flatMap((outcome) =>
          outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
        );
        expect(won).toEqual([(await chats.get(admin, id)).adminId]);
        expect(lost).toEqual([
          expect.objectContaining({ code: 'CHAT_CONFLICT', details: { status: 'ACTIVE', adminId: won[0] } }),
        ]);
      }
    },
  );
});

describe('the reply to a change', () => {
  it('waits until message-service has applied it', async () => {
    const { id } = await chats.open(aClient());
    let openGate = (): void => undefined;
    let isRequested = false;
    messageService.gate = () =>
      new Promise<void>((resolve) => {
        isRequested = true;
        openGate = resolve;
      });
    let hasReplied = false;
    const reply = chats.update(admin, id, { status: 'CLOSED' }).then((chat) => {
      hasReplied = true;
      return chat;
    });
    await waitFor(() => isRequested, { what: 'the request to message-service' });
    await chats.gateway.request(chatContracts.ping, {});
    expect(hasReplied).toBe(false);
    expect(await chats.get(admin, id)).toMatchObject({ status: 'CLOSED' });
    messageService.gate = () => Promise.resolve();
    openGate();
    expect(await reply).toMatchObject({ status: 'CLOSED' });
    expect(appliedOf(id)).toHaveLength(1);
  });

  it('is a retryable failure while message-service is down; a repeat completes it, and another changes nothing', async () => {
    const { id } = await chats.open(aClient());
    await messageService.stop();
    const refused = await failureOf(chats.update(admin, id, claim(admin)));
    expect(refused).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(await failureOf(chats.update(admin, id, claim(admin)))).toMatchObject({ retryable: true });
    expect(await failureOf(chats.update(otherAdmin, id, claim(otherAdmin)))).toMatchObject({
      code: 'CHAT_CONFLICT',
      details: { adminId: 1 },
    });
    expect(await failureOf(chats.update(otherAdmin, id, { status: 'ACTIVE' }))).toMatchObject({
      code: 'CHAT_CONFLICT',
      details: { adminId: 1 },
    });

    messageService = await startMessageService(chats.nats);
    expect(await chats.update(admin, id, claim(admin))).toMatchObject({ status: 'ACTIVE', adminId: 1 });
    expect(appliedOf(id)).toEqual([expect.objectContaining({ version: 3, status: 'ACTIVE', adminId: 1 })]);
    const before = await chats.get(admin, id);
    expect(await chats.update(admin, id, claim(admin))).toEqual(before);
    expect((await chats.log(id)).entries).toHaveLength(3);
  });

  it('to a later change also confirms an earlier one without a reply', async () => {
    const { id } = await chats.open(aClient());
    await messageService.stop();
    await failureOf(chats.update(admin, id, claim(admin)));
    messageService = await startMessageService(chats.nats);
    expect(await chats.update(admin, id, { status: 'CLOSED' })).toMatchObject({
      status: 'CLOSED',
      adminId: 1,
    });
    expect(appliedOf(id)).toEqual([expect.objectContaining({ version: 4, status: 'CLOSED' })]);
  });
});

describe('the log', () => {
  it('is read in pages after any rev', async () => {
    const { id } = await chats.open(aClient());
    for (const status of ['ACTIVE', 'PENDING', 'CLOSED'] as const) await chats.update(admin, id, { status });
    expect(await chats.log(id, 0, 3)).toMatchObject({
      entries: [{ rev: 1 }, { rev: 2 }, { rev: 3 }],
      hasMore: true,
    });
    expect(await chats.log(id, 3, 3)).toMatchObject({ entries: [{ rev: 4 }, { rev: 5 }], hasMore: false });
    expect(await chats.log(id, 5, 3)).toEqual({ entries: [], hasMore: false });
  });

  it('has no gap and no repeat under concurrent changes', async () => {
    const { id } = await chats.open(aClient());
    await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        chats.update(n % 2 ? admin : otherAdmin, id, { status: n % 3 ? 'PENDING' : 'ACTIVE' }),
      ),
    );
    const revs = (await chats.log(id)).entries.map(({ rev }) => rev);
    expect(revs.length).toBeGreaterThan(1);
    expect(revs).toEqual(revs.map((_, index) => index + 1));
  });

  it('has heads, on request and announced', async () => {
    const { id } = await chats.open(aClient());
    const unknown = '00000000-0000-7000-8000-000000000000';
    const announced: Heads = [];
    chats.gateway.onSignal(chatHeads, ({ heads }) => announced.push(...heads));
    await chats.update(admin, id, { status: 'CLOSED' });
    expect(await chats.gateway.request(chatContracts.readHeads, { chatIds: [id, unknown] })).toEqual({
      heads: [{ chatId: id, rev: 2 }],
    });
    await waitFor(() => announced.some(({ chatId, rev }) => chatId === id && rev === 2), {
      what: 'the head',
    });
  });
});

describe('the log that other services follow', () => {
  const readChanges = (cursor?: string, limit = 1000) =>
    presence.request(chatContracts.readChanges, { cursor, limit });

  /** Reads to the end of the log. Open transactions hold the end back for a moment. */
  async function readUntil(
    chatId: string,
    from?: string,
  ): Promise<{ seen: ChatFacts[]; cursor: string | undefined }> {
    const seen: ChatFacts[] = [];
    let cursor = from;
    await waitFor(
      async () => {
        const page = await readChanges(cursor, 2);
        seen.push(...page.chats);
        cursor = page.cursor ?? cursor;
        return !page.hasMore && seen.some(({ id }) => id === chatId);
      },
      { what: 'the chat in the log' },
    );
    return { seen, cursor };
  }

  it('is read from the start, or from a cursor with new changes only', async () => {
    const first = await chats.open(aClient());
    const { cursor } = await readUntil(first.id);
    const second = await chats.open(aClient());
    await chats.update(admin, second.id, claim(admin));
    const { seen } = await readUntil(second.id, cursor);
    expect(seen.map(({ id }) => id)).not.toContain(first.id);
    await waitFor(async () => (await readChanges(cursor)).chats.some(({ version }) => version === 3), {
      what: 'the newest version',
    });
    expect((await readChanges(cursor)).chats).toEqual([
      { id: second.id, clientId: second.clientId, adminId: 1, status: 'ACTIVE', version: 3 },
    ]);
  });

  it('skips no chat that was written earlier and committed later', async () => {
    const late = new pg.Client({ connectionString: chats.database.url('chat_service') });
    await late.connect();
    try {
      const lateId = '01930000-0000-7000-8000-00000000a7e0';
      await late.query('BEGIN');
      await late.query(
        `INSERT INTO chat.chat (id, client_id, status, created_at, updated_at, version, confirmed_version) VALUES ($1, 5, 'PENDING', now(), now(), 1, 1)`,
        [lateId],
      );
      await late.query(
        `INSERT INTO chat.chat_log (chat_id, rev, event, payload) VALUES ($1, 1, 'chatOpened', '{}')`,
        [lateId],
      );
      const early = await chats.open(aClient());
      const { chats: before, cursor } = await readChanges();
      expect(before.map(({ id }) => id)).not.toContain(early.id);
      await late.query('COMMIT');
      const { seen } = await readUntil(early.id, cursor);
      expect(seen.map(({ id }) => id)).toEqual(expect.arrayContaining([lateId, early.id]));
    } finally {
      await late.end();
    }
  });

  it('returns the facts of one chat on request', async () => {
    const chat = await chats.open(aClient());
    expect(await presence.request(chatContracts.lookUpChat, { chatId: chat.id })).toEqual({
      chat: { id: chat.id, clientId: chat.clientId, status: 'PENDING', version: 1 },
    });
    expect(
      await presence.request(chatContracts.lookUpChat, { chatId: '00000000-0000-7000-8000-000000000000' }),
    ).toEqual({});
  });

  it('fails with VALIDATION for an invalid cursor', async () => {
    expect(await failureOf(readChanges('x'))).toMatchObject({ code: 'VALIDATION' });
  });
});
