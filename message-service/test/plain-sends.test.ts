import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, ChatStatus } from '@switchboard/shared/contracts';
import { isRefusal, prepared, type Database } from '@switchboard/shared/postgres';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { decideSends, type LockedChat, type Outcome, type Send } from '../src/domain/send.ts';
import { appendPlain, plainChats } from '../src/store/plain-sends.ts';
import { createMessageDatabase, type MessageDatabase } from './database.ts';
import { aChat, admin, owner, stranger } from './given.ts';

let database: MessageDatabase;
let statements: Database;
beforeAll(async () => {
  database = await createMessageDatabase();
  statements = prepared(await database.open());
});
afterAll(() => database.drop());

const aSend = (chatId: string, sender: Actor = owner, message: Partial<Send['message']> = {}): Send => ({ id: randomUUID(), chatId, sender, message: { text: 'hi', ...message } });

interface Row { id: string; seq: number; rev: number }
const rowsOf = async (chatId: string): Promise<Row[]> =>
  (await database.query<Row>('SELECT id, seq, rev FROM message.message WHERE chat_id = $1 ORDER BY seq', [chatId])).rows;
const headOf = async (chatId: string): Promise<LockedChat> =>
  (await database.query<LockedChat>('SELECT id, client_id::integer AS "clientId", status, seq, rev FROM message.chat WHERE id = $1', [chatId])).rows[0]!;
const logOf = async (chatId: string): Promise<unknown[]> =>
  (await database.query('SELECT rev, event, payload FROM message.chat_log WHERE chat_id = $1 ORDER BY rev', [chatId])).rows;

const told = (outcome: Outcome | undefined): unknown => (outcome?.kind === 'appended' ? [outcome.thread.message.text, outcome.thread.message.seq, outcome.rev] : outcome?.kind);

describe('what is plain', () => {
  const chatId = randomUUID();
  const file = { fileId: randomUUID() };
  const reply = { replyToId: randomUUID() };
  it.each<[string, Send[], boolean]>([
    ['words of the client and of admins', [aSend(chatId), aSend(chatId, admin), aSend(chatId)], true],
    ['words under keys that differ', [aSend(chatId, owner, { clientMessageId: 'a' }), aSend(chatId, owner, { clientMessageId: 'b' })], true],
    ['words under one key of two senders', [aSend(chatId, owner, { clientMessageId: 'a' }), aSend(chatId, admin, { clientMessageId: 'a' })], true],
    ['a key twice', [aSend(chatId, owner, { clientMessageId: 'a' }), aSend(chatId, owner, { clientMessageId: 'a' })], false],
    ['two clients, one of whom must be a stranger', [aSend(chatId), aSend(chatId, stranger)], false],
    ['a file among words', [aSend(chatId), aSend(chatId, owner, file)], false],
    ['a reply among words', [aSend(chatId, owner, reply), aSend(chatId)], false],
  ])('%s: %#', (_, sends, isPlain) => {
    expect(plainChats(sends).map((chat) => chat.sends)).toEqual(isPlain ? [sends] : []);
  });
});

it('is appended as the rules say, chat by chat as a whole; what the rules refuse is left alone', async () => {
  const statuses: ChatStatus[] = ['ACTIVE', 'PENDING', 'CLOSED'];
  const sends = fc.array(fc.record({
    chat: fc.nat(3), sender: fc.constantFrom(owner, owner, admin, stranger), text: fc.constantFrom('a', 'b'),
    key: fc.option(fc.constantFrom('k', 'l', 'm', 'used'), { nil: undefined }),
  }), { minLength: 1, maxLength: 8 });
  await fc.assert(fc.asyncProperty(sends, fc.array(fc.constantFrom(...statuses), { minLength: 3, maxLength: 3 }), async (asked, given) => {
    // The fourth chat is not there.
    const chatIds = [...await Promise.all(given.map((status) => database.addChat(aChat({ status })))), randomUUID()];
    const before = await appendPlain(statements, chatIds.slice(0, 3).map((chatId) => aSend(chatId, owner, { text: 'first', clientMessageId: 'used' })));
    const batch = asked.map(({ chat, sender, text, key }) => aSend(chatIds[chat] ?? '', sender, { text, clientMessageId: key }));
    const heads = await Promise.all(chatIds.slice(0, 3).map(headOf));
    const stored = [...before.values()].flatMap((outcome) => (outcome.kind === 'appended' ? outcome.thread.message : []));
    const decided = decideSends(batch, { now: new Date(), chats: heads, messages: stored, files: [] });

    const outcomes = await appendPlain(statements, batch);

    for (const chatId of chatIds) {
      const ofChat = batch.flatMap((send, index) => (send.chatId === chatId ? [{ send, decided: told(decided[index]) }] : []));
      const isPlain = plainChats(ofChat.map(({ send }) => send)).length === 1;
      const isTaken = isPlain && ofChat.every(({ decided: outcome }) => Array.isArray(outcome));
      expect(ofChat.map(({ send }) => told(outcomes.get(send)))).toEqual(ofChat.map(({ decided: outcome }) => (isTaken ? outcome : undefined)));
      if (chatId === chatIds[3]) continue;
      const first = heads.find(({ id }) => id === chatId)!;
      const added = isTaken ? ofChat.length : 0;
      expect(await headOf(chatId)).toEqual({ ...first, seq: first.seq + added, rev: first.rev + added });
      const rows = await rowsOf(chatId);
      expect(rows.map(({ seq, rev }) => [seq, rev])).toEqual(Array.from({ length: first.seq + added }, (_, n) => [n + 1, n + 1]));
      expect(rows.slice(first.seq).map(({ id }) => id)).toEqual(isTaken ? ofChat.map(({ send }) => send.id) : []);
      expect(await logOf(chatId)).toEqual(rows.map(({ seq, rev }) => ({ rev, event: 'newMessage', payload: { seq } })));
    }
  }), { numRuns: 60 });
}, 60_000);

it('leaves a chat alone that somebody holds, and waits for nobody', async () => {
  const [held, free] = [await database.addChat(aChat()), await database.addChat(aChat())];
  const [toHeld, toFree] = [aSend(held), aSend(free)];
  await (await database.open()).transaction(async (holder) => {
    await holder.query('SELECT 1 FROM message.chat WHERE id = $1 FOR UPDATE', [held]);
    const outcomes = await appendPlain(statements, [toHeld, toFree]);
    expect([told(outcomes.get(toHeld)), told(outcomes.get(toFree))]).toEqual([undefined, ['hi', 1, 1]]);
  });
});

it('a key that is used by somebody else at the same moment makes Postgres refuse the whole, and nothing is stored', async () => {
  const chatId = await database.addChat(aChat());
  // A trigger plays the other replica: it takes the key between the look for it and the insertion.
  await database.query(`
    CREATE FUNCTION message.overtake() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.client_message_id = 'raced' THEN
        INSERT INTO message.message (chat_id, seq, id, sender_id, sender_email, sender_role, text, client_message_id, created_at, rev, chat_version)
        VALUES (NEW.chat_id, 99, gen_random_uuid(), NEW.sender_id, 'x', 'client', 'x', 'raced' || '', now(), 99, 1);
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER overtake BEFORE INSERT ON message.message FOR EACH ROW WHEN (NEW.seq < 99) EXECUTE FUNCTION message.overtake();`);
  const failed = await appendPlain(statements, [aSend(chatId, owner, { clientMessageId: 'raced' })]).then(() => undefined, (error: unknown) => error);
  expect(isRefusal(failed)).toBe(true);
  expect(await rowsOf(chatId)).toEqual([]);
});
