import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, ChatStatus } from '@switchboard/shared/contracts';
import fc from 'fast-check';
import { decideSends, type CommitOutcome, type LockedChat, type Send } from '../src/domain/send.ts';
import { groupPlain } from '../src/domain/plain-sends.ts';
import { PlainAppend } from '../src/send/plain-append.ts';
import { createMessageDatabase, type MessageDatabase } from './database.ts';
import { aChat, admin, owner, stranger } from './given.ts';

let database: MessageDatabase;
let strategy: PlainAppend;
beforeAll(async () => {
  database = await createMessageDatabase();
  strategy = new PlainAppend(await database.open());
});
afterAll(() => database.drop());

const aSend = (chatId: string, sender: Actor = owner, message: Partial<Send['message']> = {}): Send => ({
  id: randomUUID(),
  chatId,
  sender,
  message: { text: 'hi', ...message },
});

interface Row {
  id: string;
  seq: number;
  rev: number;
}
const rowsOf = async (chatId: string): Promise<Row[]> =>
  (
    await database.query<Row>('SELECT id, seq, rev FROM message.message WHERE chat_id = $1 ORDER BY seq', [
      chatId,
    ])
  ).rows;
const headOf = async (chatId: string): Promise<LockedChat> =>
  (
    await database.query<LockedChat>(
      'SELECT id, client_id::integer AS "clientId", status, seq, rev FROM message.chat WHERE id = $1',
      [chatId],
    )
  ).rows[0]!;
const logOf = async (chatId: string): Promise<unknown[]> =>
  (
    await database.query('SELECT rev, event, payload FROM message.chat_log WHERE chat_id = $1 ORDER BY rev', [
      chatId,
    ])
  ).rows;

type Summary = [text: string | null, seq: number, rev: number] | string;
const summaryOf = (outcome: CommitOutcome['outcome']): Summary =>
  outcome.kind === 'appended'
    ? [outcome.thread.message.text, outcome.thread.message.seq, outcome.rev]
    : outcome.kind;
const append = async (sends: readonly Send[]): Promise<ReadonlyMap<Send, CommitOutcome['outcome']>> => {
  const { left, commit } = strategy.plan(sends);
  const leftAlready = left.map((send) => ({ send, outcome: { kind: 'left' } as const }));
  const all: CommitOutcome[] = [...leftAlready, ...(await commit())];
  return new Map(all.map(({ send, outcome }) => [send, outcome]));
};

describe('groupPlain', () => {
  const chatId = randomUUID();
  const file = { fileId: randomUUID() };
  const reply = { replyToId: randomUUID() };
  it.each<[string, Send[]]>([
    ['texts of the client and of admins', [aSend(chatId), aSend(chatId, admin), aSend(chatId)]],
    [
      'texts under different keys',
      [aSend(chatId, owner, { clientMessageId: 'a' }), aSend(chatId, owner, { clientMessageId: 'b' })],
    ],
    [
      'texts under one key of two senders',
      [aSend(chatId, owner, { clientMessageId: 'a' }), aSend(chatId, admin, { clientMessageId: 'a' })],
    ],
  ])('accepts %s', (_, sends) => {
    const clientId = owner.id;
    expect(groupPlain(sends)).toEqual({
      chats: [{ chatId, clientId, sends }],
      accepted: sends,
      left: [],
    });
  });

  it.each<[string, Send[]]>([
    [
      'a chat with one key twice',
      [aSend(chatId, owner, { clientMessageId: 'a' }), aSend(chatId, owner, { clientMessageId: 'a' })],
    ],
    ['a chat with two clients, since one is a stranger', [aSend(chatId), aSend(chatId, stranger)]],
    ['a chat with a file', [aSend(chatId), aSend(chatId, owner, file)]],
    ['a chat with a reply', [aSend(chatId, owner, reply), aSend(chatId)]],
  ])('leaves %s', (_, sends) => {
    expect(groupPlain(sends)).toEqual({ chats: [], accepted: [], left: sends });
  });

  it('keeps the order within each chat', () => {
    const [plain, other] = [randomUUID(), randomUUID()];
    const sends = [aSend(plain), aSend(other, owner, file), aSend(plain, admin), aSend(other)];
    expect(groupPlain(sends)).toMatchObject({
      accepted: [sends[0], sends[2]],
      left: [sends[1], sends[3]],
    });
  });
});

it('appends each chat as a whole with the outcomes of decideSends, or leaves it', async () => {
  const statuses: ChatStatus[] = ['ACTIVE', 'PENDING', 'CLOSED'];
  const anySends = fc.array(
    fc.record({
      chat: fc.nat(3),
      sender: fc.constantFrom(owner, owner, admin, stranger),
      text: fc.constantFrom('a', 'b'),
      key: fc.option(fc.constantFrom('k', 'l', 'm', 'used'), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(
      anySends,
      fc.array(fc.constantFrom(...statuses), { minLength: 3, maxLength: 3 }),
      async (sends, given) => {
        const existing = await Promise.all(given.map((status) => database.addChat(aChat({ status }))));
        const missing = randomUUID();
        const chatIds = [...existing, missing];
        const firsts = await append(
          existing.map((chatId) => aSend(chatId, owner, { text: 'first', clientMessageId: 'used' })),
        );
        const stored = [...firsts.values()].flatMap((outcome) =>
          outcome.kind === 'appended' ? { ...outcome.thread.message, sentDigest: null } : [],
        );
        const batch = sends.map(({ chat, sender, text, key }) =>
          aSend(chatIds[chat] ?? '', sender, { text, clientMessageId: key }),
        );
        const heads = await Promise.all(existing.map(headOf));
        const decisions = decideSends(batch, { now: new Date(), chats: heads, messages: stored, files: [] });

        const outcomes = await append(batch);

        for (const chatId of chatIds) {
          const ofChat = decisions.filter(({ send }) => send.chatId === chatId);
          const isPlain = groupPlain(ofChat.map(({ send }) => send)).chats.length === 1;
          const isAppended = isPlain && ofChat.every(({ outcome }) => outcome.kind === 'appended');
          expect(ofChat.map(({ send }) => summaryOf(outcomes.get(send)!))).toEqual(
            ofChat.map(({ outcome }) => (isAppended ? summaryOf(outcome) : 'left')),
          );
          if (chatId === missing) continue;
          const first = heads.find(({ id }) => id === chatId)!;
          const added = isAppended ? ofChat.length : 0;
          expect(await headOf(chatId)).toEqual({ ...first, seq: first.seq + added, rev: first.rev + added });
          const rows = await rowsOf(chatId);
          expect(rows.map(({ seq, rev }) => [seq, rev])).toEqual(
            Array.from({ length: first.seq + added }, (_, n) => [n + 1, n + 1]),
          );
          expect(rows.slice(first.seq).map(({ id }) => id)).toEqual(
            isAppended ? ofChat.map(({ send }) => send.id) : [],
          );
          expect(await logOf(chatId)).toEqual(
            rows.map(({ seq, rev }) => ({ rev, event: 'newMessage', payload: { seq } })),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

it('leaves a locked chat without a wait', async () => {
  const [locked, free] = [await database.addChat(aChat()), await database.addChat(aChat())];
  const [toLocked, toFree] = [aSend(locked), aSend(free)];
  await (
    await database.open()
  ).transaction(async (holder) => {
    await holder.query('SELECT 1 FROM message.chat WHERE id = $1 FOR UPDATE', [locked]);
    const outcomes = await append([toLocked, toFree]);
    expect([toLocked, toFree].map((send) => summaryOf(outcomes.get(send)!))).toEqual(['left', ['hi', 1, 1]]);
  });
});

it('stores nothing and leaves the batch when another replica uses a key at the same moment', async () => {
  const chatId = await database.addChat(aChat());
  // A trigger plays the other replica: it uses the key between the lookup and the INSERT.
  await database.query(`
    CREATE FUNCTION message.overtake() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.client_message_id = 'raced' THEN
        INSERT INTO message.message (chat_id, seq, id, sender_id, sender_email, sender_role, text, client_message_id, created_at, rev, chat_version)
        VALUES (NEW.chat_id, 99, gen_random_uuid(), NEW.sender_id, 'x', 'client', 'x', 'raced' || '', now(), 99, 1);
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER overtake BEFORE INSERT ON message.message FOR EACH ROW WHEN (NEW.seq < 99) EXECUTE FUNCTION message.overtake();`);
  const failure = await append([aSend(chatId, owner, { clientMessageId: 'raced' })]).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(strategy.recover(failure)).toBe('leave');
  expect(await rowsOf(chatId)).toEqual([]);
});

it('fails the batch after any other error, since the messages may be stored', () => {
  expect(strategy.recover(new Error('Connection terminated unexpectedly'))).toBe('fail');
});
