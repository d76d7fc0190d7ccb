import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Bus } from '@switchboard/shared/bus';
import { chatContracts, chatHeads, type Actor, type ChatFacts, type Heads } from '@switchboard/shared/contracts';
import { silent, waitFor } from '@switchboard/infra/testing';
import pg from 'pg';
import { admin, aClient, failureOf, Harness, otherAdmin, startMessageService, type MessageService } from './harness.ts';

let chats: Harness;
let messageService: MessageService;
let presence: Bus;
beforeAll(async () => {
  chats = await Harness.start();
  messageService = await startMessageService(chats.nats);
  presence = await Bus.connect({ url: chats.nats.url('presence-service'), user: 'presence-service', logger: silent });
});
afterAll(async () => {
  await presence.close();
  await messageService.leave();
  await chats.stop();
});

const claim = (actor: Actor) => ({ status: 'ACTIVE', adminId: actor.id }) as const;
const takenOf = (chatId: string): ChatFacts[] => messageService.taken.filter(({ id }) => id === chatId);

describe('a change', () => {
  it('is claim, release, close and reopen, each logged with the next number', async () => {
    const client = aClient();
    const { id, createdAt } = await chats.open(client);
    expect(await chats.update(admin, id, claim(admin))).toMatchObject({ status: 'ACTIVE', adminId: 1, createdAt });
    expect(await chats.update(otherAdmin, id, { adminId: 2 })).toMatchObject({ status: 'ACTIVE', adminId: 2 });
    expect(await chats.update(admin, id, { status: 'PENDING' })).not.toHaveProperty('adminId');
    expect(await chats.update(admin, id, { status: 'ACTIVE' })).toMatchObject({ adminId: 1 });
    expect(await chats.update(client, id, { status: 'CLOSED' })).toMatchObject({ status: 'CLOSED', adminId: 1 });
    const reopened = await chats.update(admin, id, { status: 'PENDING' });
    expect(await chats.get(client, id)).toEqual(reopened);
    expect(Date.parse(reopened.updatedAt)).toBeGreaterThanOrEqual(Date.parse(createdAt));

    const changed = (rev: number, status: string, adminId?: number) => ({ event: 'chatStatusChanged', rev, payload: { chatId: id, status, adminId } });
    expect(await chats.log(id)).toEqual({ hasMore: false, entries: [
      { event: 'chatOpened', rev: 1, payload: { chatId: id, clientId: client.id } },
      changed(2, 'ACTIVE', 1),
      { event: 'chatAssigned', rev: 3, payload: { chatId: id, adminId: 2 } },
      changed(4, 'PENDING'), changed(5, 'ACTIVE', 1), changed(6, 'CLOSED', 1), changed(7, 'PENDING'),
    ] });
    expect(takenOf(id).map(({ version, status, adminId }) => [version, status, adminId])).toEqual([
      [2, 'ACTIVE', 1], [3, 'ACTIVE', 2], [4, 'PENDING', undefined], [5, 'ACTIVE', 1], [6, 'CLOSED', 1], [7, 'PENDING', undefined],
    ]);
  });

  it('is heard in the room, with its number, by everyone', async () => {
    const { id } = await chats.open(aClient());
    const heard: unknown[] = [];
    await chats.gateway.followRoom(id, (owner, { meta, payload }) => heard.push({ owner, event: meta.event, rev: meta.rev, author: meta.author, payload: JSON.parse(payload) })).untilHeard();
    await chats.update(admin, id, claim(admin));
    await waitFor(() => heard.length > 0, { what: 'the change' });
    expect(heard).toEqual([{ owner: 'chat', event: 'chatStatusChanged', rev: 2, author: undefined, payload: { chatId: id, status: 'ACTIVE', adminId: 1 } }]);
  });

  it('that is not legal changes nothing and says what is', async () => {
    const client = aClient();
    const { id } = await chats.open(client);
    await chats.update(admin, id, claim(admin));
    expect(await failureOf(chats.update(otherAdmin, id, claim(otherAdmin)))).toMatchObject({ code: 'CHAT_CONFLICT', details: { status: 'ACTIVE', adminId: 1 } });
    expect(await failureOf(chats.update(client, id, { status: 'PENDING' }))).toMatchObject({ code: 'FORBIDDEN' });
    expect((await chats.log(id)).entries).toHaveLength(2);
    expect(await chats.get(admin, id)).toMatchObject({ status: 'ACTIVE', adminId: 1 });
  });

  it.each(['naming themselves', 'naming nobody'])('by two admins who claim at once, %s, is one\'s; the other hears whose', async (how) => {
    for (let round = 0; round < 5; round++) {
      const { id } = await chats.open(aClient());
      const outcomes = await Promise.allSettled([admin, otherAdmin].map((actor) => chats.update(actor, id, how === 'naming nobody' ? { status: 'ACTIVE' } : claim(actor))));
      const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.adminId] : []));
      const lost: unknown[] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      expect(won).toEqual([(await chats.get(admin, id)).adminId]);
      expect(lost).toEqual([expect.objectContaining({ code: 'CHAT_CONFLICT', details: { status: 'ACTIVE', adminId: won[0] } })]);
    }
  });
});

describe('an answer to a change', () => {
  it('comes only once message-service has taken it', async () => {
    const { id } = await chats.open(aClient());
    let letIn = (): void => undefined;
    let isAsked = false;
    messageService.gate = () => new Promise<void>((resolve) => {
      isAsked = true;
      letIn = resolve;
    });
    let isAnswered = false;
    const answer = chats.update(admin, id, { status: 'CLOSED' }).then((chat) => {
      isAnswered = true;
      return chat;
    });
    await waitFor(() => isAsked, { what: 'message-service to be asked' });
    await chats.gateway.request(chatContracts.ping, {});
    expect(isAnswered).toBe(false);
    expect(await chats.get(admin, id)).toMatchObject({ status: 'CLOSED' });
    messageService.gate = () => Promise.resolve();
    letIn();
    expect(await answer).toMatchObject({ status: 'CLOSED' });
    expect(takenOf(id)).toHaveLength(1);
  });

  it('is a failure that may be retried while message-service is away; the repeat completes it, and a third is a conflict', async () => {
    const { id } = await chats.open(aClient());
    await messageService.leave();
    const refused = await failureOf(chats.update(admin, id, claim(admin)));
    expect(refused).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(await failureOf(chats.update(admin, id, claim(admin)))).toMatchObject({ retryable: true });
    expect(await failureOf(chats.update(otherAdmin, id, claim(otherAdmin)))).toMatchObject({ code: 'CHAT_CONFLICT', details: { adminId: 1 } });
    expect(await failureOf(chats.update(otherAdmin, id, { status: 'ACTIVE' }))).toMatchObject({ code: 'CHAT_CONFLICT', details: { adminId: 1 } });

    messageService = await startMessageService(chats.nats);
    expect(await chats.update(admin, id, claim(admin))).toMatchObject({ status: 'ACTIVE', adminId: 1 });
    expect(takenOf(id)).toEqual([expect.objectContaining({ version: 2, status: 'ACTIVE', adminId: 1 })]);
    expect((await chats.log(id)).entries).toHaveLength(2);
    expect(await failureOf(chats.update(admin, id, claim(admin)))).toMatchObject({ code: 'CHAT_CONFLICT' });
  });

  it('to a later change settles an earlier one that was never answered', async () => {
    const { id } = await chats.open(aClient());
    await messageService.leave();
    await failureOf(chats.update(admin, id, claim(admin)));
    messageService = await startMessageService(chats.nats);
    expect(await chats.update(admin, id, { status: 'CLOSED' })).toMatchObject({ status: 'CLOSED', adminId: 1 });
    expect(takenOf(id)).toEqual([expect.objectContaining({ version: 3, status: 'CLOSED' })]);
    expect(await failureOf(chats.update(admin, id, { status: 'CLOSED' }))).toMatchObject({ code: 'CHAT_CONFLICT' });
  });
});

describe('the log', () => {
  it('is read in pages from any number on', async () => {
    const { id } = await chats.open(aClient());
    for (const status of ['ACTIVE', 'PENDING', 'CLOSED'] as const) await chats.update(admin, id, { status });
    expect(await chats.log(id, 0, 3)).toMatchObject({ entries: [{ rev: 1 }, { rev: 2 }, { rev: 3 }], hasMore: true });
    expect(await chats.log(id, 3, 3)).toMatchObject({ entries: [{ rev: 4 }], hasMore: false });
    expect(await chats.log(id, 4, 3)).toEqual({ entries: [], hasMore: false });
  });

  it('has no gap and no repeat under changes made at once', async () => {
    const { id } = await chats.open(aClient());
    await Promise.allSettled(Array.from({ length: 20 }, (_, n) => chats.update(n % 2 ? admin : otherAdmin, id, { status: n % 3 ? 'PENDING' : 'ACTIVE' })));
    const revs = (await chats.log(id)).entries.map(({ rev }) => rev);
    expect(revs.length).toBeGreaterThan(1);
    expect(revs).toEqual(revs.map((_, index) => index + 1));
  });

  it('has heads, asked for and announced', async () => {
    const { id } = await chats.open(aClient());
    const unknown = '00000000-0000-7000-8000-000000000000';
    const announced: Heads = [];
    chats.gateway.onSignal(chatHeads, ({ heads }) => announced.push(...heads));
    await chats.update(admin, id, { status: 'CLOSED' });
    expect(await chats.gateway.request(chatContracts.readHeads, { chatIds: [id, unknown] })).toEqual({ heads: [{ chatId: id, rev: 2 }] });
    await waitFor(() => announced.some(({ chatId, rev }) => chatId === id && rev === 2), { what: 'the head' });
  });
});

describe('the changes that other services follow', () => {
  const readChanges = (cursor?: string, limit = 1000) => presence.request(chatContracts.readChanges, { cursor, limit });

  /** To the end of the log; transactions under way elsewhere hold the end back for a moment. */
  async function readUntil(chatId: string, from?: string): Promise<{ seen: ChatFacts[]; cursor: string | undefined }> {
    const seen: ChatFacts[] = [];
    let cursor = from;
    await waitFor(async () => {
      const page = await readChanges(cursor, 2);
      seen.push(...page.chats);
      cursor = page.cursor ?? cursor;
      return !page.hasMore && seen.some(({ id }) => id === chatId);
    }, { what: 'the chat in the log' });
    return { seen, cursor };
  }

  it('come from the beginning, and from a cursor on only what is new', async () => {
    const first = await chats.open(aClient());
    const { cursor } = await readUntil(first.id);
    const second = await chats.open(aClient());
    await chats.update(admin, second.id, claim(admin));
    const { seen } = await readUntil(second.id, cursor);
    expect(seen.map(({ id }) => id)).not.toContain(first.id);
    await waitFor(async () => (await readChanges(cursor)).chats.some(({ version }) => version === 2), { what: 'the newest version' });
    expect((await readChanges(cursor)).chats).toEqual([{ id: second.id, clientId: second.clientId, adminId: 1, status: 'ACTIVE', version: 2 }]);
  });

  it('leave out no chat that was written earlier and committed later', async () => {
    const late = new pg.Client({ connectionString: chats.database.url('chat_service') });
    await late.connect();
    try {
      const lateId = '01930000-0000-7000-8000-00000000a7e0';
      await late.query('BEGIN');
      await late.query(`INSERT INTO chat.chat (id, client_id, status, created_at, updated_at, version, confirmed_version) VALUES ($1, 5, 'PENDING', now(), now(), 1, 1)`, [lateId]);
      await late.query(`INSERT INTO chat.chat_log (chat_id, rev, event, payload) VALUES ($1, 1, 'chatOpened', '{}')`, [lateId]);
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

  it('are looked up one by one, too', async () => {
    const chat = await chats.open(aClient());
    expect(await presence.request(chatContracts.lookUpChat, { chatId: chat.id })).toEqual({ chat: { id: chat.id, clientId: chat.clientId, status: 'PENDING', version: 1 } });
    expect(await presence.request(chatContracts.lookUpChat, { chatId: '00000000-0000-7000-8000-000000000000' })).toEqual({});
  });

  it('are not read from a cursor that is made up', async () => {
    expect(await failureOf(readChanges('x'))).toMatchObject({ code: 'VALIDATION' });
  });
});
