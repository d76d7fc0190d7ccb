import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Message } from '@switchboard/shared/contracts';
import {
  newTrace,
  noRecorder,
  Spans,
  type EndedSpan,
  type SpanRecorder,
} from '@switchboard/shared/telemetry';
import { Failure } from '@switchboard/shared/errors';
import type { DataSource } from 'typeorm';
import { waitFor } from '@switchboard/infra/test';
import type { Sent } from '../src/domain/message-store.ts';
import { GroupCommit } from '../src/send/group-commit.ts';
import { createMessageDatabase, type MessageDatabase } from './database.ts';
import { aChat, admin, owner, stranger, upTo } from './given.ts';

let database: MessageDatabase;
let pool: DataSource;
let groupCommit: GroupCommit;
let other: GroupCommit;

const urlOf = (fileId: string) => `https://chat.example/${fileId}`;
const spans = new Spans(noRecorder);
const inTime = { trace: newTrace(), isExpired: false };

beforeAll(async () => {
  database = await createMessageDatabase();
  pool = await database.open();
  groupCommit = new GroupCommit(pool, urlOf, spans);
  other = new GroupCommit(await database.open(), urlOf, spans);
});
afterAll(() => database.drop());

const newChat = () => database.addChat(aChat());
const send = (chatId: string, text: string, key?: string, by = groupCommit): Promise<Sent | undefined> =>
  by.send(owner, chatId, { text, clientMessageId: key }, inTime);
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'sent',
    (error: unknown) => (error instanceof Failure ? error.code : error),
  );

interface Row {
  seq: number;
  text: string;
}
const rowsOf = async (chatId: string): Promise<Row[]> =>
  (
    await database.query<Row>('SELECT seq, text FROM message.message WHERE chat_id = $1 ORDER BY seq', [
      chatId,
    ])
  ).rows;
const logOf = async (chatId: string): Promise<{ rev: number; event: string; payload: unknown }[]> =>
  (
    await database.query<{ rev: number; event: string; payload: unknown }>(
      'SELECT rev, event, payload FROM message.chat_log WHERE chat_id = $1 ORDER BY rev',
      [chatId],
    )
  ).rows;
const headOf = async (chatId: string): Promise<unknown> =>
  (await database.query('SELECT seq, rev FROM message.chat WHERE id = $1', [chatId])).rows[0];

it('a send that is slow keeps its transaction, though that was fast', async () => {
  const chatId = await newChat();
  const recorded: EndedSpan[] = [];
  // The transaction ends first, and counts as fast; the send counts as slow.
  const limits = [Number.POSITIVE_INFINITY];
  const recorder: SpanRecorder = {
    ...noRecorder,
    get slowMs() {
      return limits.shift() ?? 0;
    },
    record: (span) => {
      recorded.push(span);
    },
  };
  await send(chatId, 'slow', undefined, new GroupCommit(pool, urlOf, new Spans(recorder)));
  expect(recorded.map(({ name }) => name)).toEqual(['commit', 'commit sends']);
  expect(recorded[0]?.links).toEqual([recorded[1]?.trace]);
});

describe('a send', () => {
  it('is stored with its log entry before the promise resolves', async () => {
    const chatId = await newChat();
    const sent = await send(chatId, 'hi');
    expect(sent?.message).toMatchObject({ chatId, seq: 1, text: 'hi', senderId: owner.id });
    expect(sent?.entry).toEqual({ event: 'newMessage', rev: 1, author: owner.id, payload: sent?.message });
    expect(await rowsOf(chatId)).toEqual([{ seq: 1, text: 'hi' }]);
    expect(await logOf(chatId)).toEqual([{ rev: 1, event: 'newMessage', payload: { seq: 1 } }]);
    expect(await headOf(chatId)).toEqual({ seq: 1, rev: 1 });
  });

  it('resolves to undefined for a chat without a row here', async () => {
    expect(await send(randomUUID(), 'hi')).toBeUndefined();
  });

  it('is not stored when its request has expired', async () => {
    const chatId = await newChat();
    expect(
      await codeOf(groupCommit.send(owner, chatId, { text: 'late' }, { ...inTime, isExpired: true })),
    ).toBe('TIMEOUT');
    expect(await rowsOf(chatId)).toEqual([]);
  });

  it('of a stranger resolves to undefined without waiting for a lock, as for a missing chat', async () => {
    const chatId = await newChat();
    await (
      await database.open()
    ).transaction(async (holder) => {
      await holder.query('SELECT 1 FROM message.chat WHERE id = $1 FOR UPDATE', [chatId]);
      expect(await groupCommit.send(stranger, chatId, { text: 'hi' }, inTime)).toBeUndefined();
    });
    expect(await rowsOf(chatId)).toEqual([]);
  });

  it('stores nothing when it is refused', async () => {
    const chatId = await database.addChat(aChat({ status: 'CLOSED' }));
    expect(await codeOf(send(chatId, 'hi'))).toBe('CHAT_CLOSED');
    expect(await groupCommit.send(stranger, chatId, { text: 'hi' }, inTime)).toBeUndefined();
    expect(await headOf(chatId)).toEqual({ seq: 0, rev: 0 });
    expect(await logOf(chatId)).toEqual([]);
  });
});

describe('two replicas on one database', () => {
  it('number 200 concurrent sends to 4 chats without gap or repeat, each in the log once', async () => {
    const chatIds = await Promise.all(upTo(4).map(newChat));
    const sent = await Promise.all(
      upTo(200).map((n) => send(chatIds[n % 4]!, `m${n}`, undefined, n % 3 === 0 ? other : groupCommit)),
    );

    for (const chatId of chatIds) {
      const messages = sent.flatMap((one) => (one?.message.chatId === chatId ? one.message : []));
      const rows = await rowsOf(chatId);
      expect(rows.map(({ seq }) => seq)).toEqual(upTo(50));
      expect(messages.toSorted((a, b) => a.seq - b.seq).map(({ seq, text }) => ({ seq, text }))).toEqual(
        rows,
      );
      expect(await logOf(chatId)).toEqual(
        upTo(50).map((n) => ({ rev: n, event: 'newMessage', payload: { seq: n } })),
      );
      expect(await headOf(chatId)).toEqual({ seq: 50, rev: 50 });
    }
  });

  it("keep the order of each replica's sends", async () => {
    const chatId = await newChat();
    const sent = await Promise.all(
      upTo(100).map((n) => send(chatId, `${n}`, undefined, n % 2 === 0 ? groupCommit : other)),
    );
    const seqs = sent.map((one) => one!.message.seq);
    for (const replica of [0, 1]) {
      const own = seqs.filter((_, index) => index % 2 === replica);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });

  it('never let createdAt decrease as seq grows', async () => {
    const chatId = await newChat();
    await Promise.all(
      upTo(60).map((n) => send(chatId, `${n}`, undefined, n % 2 === 0 ? groupCommit : other)),
    );
    const { rows } = await database.query<{ at: Date }>(
      'SELECT created_at AS at FROM message.message WHERE chat_id = $1 ORDER BY seq',
      [chatId],
    );
    const times = rows.map(({ at }) => at.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('store one row for concurrent repeats, and return it to all', async () => {
    const chatId = await newChat();
    const sent = await Promise.all(
      upTo(40).map((n) => send(chatId, 'once', 'key', n % 2 === 0 ? groupCommit : other)),
    );
    expect(await rowsOf(chatId)).toEqual([{ seq: 1, text: 'once' }]);
    expect(await logOf(chatId)).toHaveLength(1);
    const messages: Message[] = sent.map((one) => one!.message);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(1);
    expect(messages.map((message) => JSON.stringify(message))).toEqual(
      messages.map(() => JSON.stringify(messages[0])),
    );
    expect(sent.filter((one) => one?.entry !== undefined)).toHaveLength(1);
  });

  it('refuse the same key with another text', async () => {
    const chatId = await newChat();
    await send(chatId, 'once', 'key');
    expect(await codeOf(send(chatId, 'twice', 'key', other))).toBe('DUPLICATE_KEY');
    expect(await rowsOf(chatId)).toEqual([{ seq: 1, text: 'once' }]);
  });

  it('return the first message for a repeat after the chat was closed', async () => {
    const chatId = await newChat();
    const first = await send(chatId, 'once', 'key');
    await database.query("UPDATE message.chat SET status = 'CLOSED' WHERE id = $1", [chatId]);
    expect(await send(chatId, 'once', 'key', other)).toEqual({ message: first?.message, entry: undefined });
    expect(await codeOf(send(chatId, 'again', 'other', other))).toBe('CHAT_CLOSED');
  });

  it('do not deadlock', async () => {
    const chatIds = await Promise.all(upTo(8).map(newChat));
    const there = chatIds.flatMap((id) => upTo(5).map(() => send(id, 'there')));
    const back = chatIds.toReversed().flatMap((id) => upTo(5).map(() => send(id, 'back', undefined, other)));
    expect(await Promise.all([...there, ...back])).toHaveLength(80);
  });
});

describe('a retry under a key', () => {
  const edit = (chatId: string, text: string) =>
    database.query('UPDATE message.message SET text = $2 WHERE chat_id = $1', [chatId, text]);
  const digestsIn = async (chatId: string) =>
    (
      await database.query<{ sent_digest: Buffer | null }>(
        'SELECT sent_digest FROM message.message WHERE chat_id = $1 ORDER BY seq',
        [chatId],
      )
    ).rows.map(({ sent_digest }) => sent_digest?.toString('hex'));

  it('returns the message as it is now when its row was edited after the first send', async () => {
    const chatId = await newChat();
    const first = await send(chatId, 'first', 'key');
    await edit(chatId, 'edited');
    expect(await send(chatId, 'first', 'key')).toEqual({
      message: { ...first?.message, text: 'edited' },
      entry: undefined,
    });
    expect(await codeOf(send(chatId, 'edited', 'key'))).toBe('DUPLICATE_KEY');
    expect(await codeOf(send(chatId, 'another', 'key'))).toBe('DUPLICATE_KEY');
    expect(await rowsOf(chatId)).toEqual([{ seq: 1, text: 'edited' }]);
  });

  it('is recognised by the digest of text, file and reply, however the first was committed', async () => {
    const chatId = await newChat();
    const first = await send(chatId, 'first', 'plain');
    const reply = { text: 'reply', replyToId: first?.message.id, clientMessageId: 'decided' };
    const decided = await groupCommit.send(owner, chatId, reply, inTime);
    await edit(chatId, 'edited');
    expect((await groupCommit.send(owner, chatId, reply, inTime))?.message.id).toBe(decided?.message.id);
    expect(await codeOf(send(chatId, 'reply', 'decided'))).toBe('DUPLICATE_KEY');
  });

  it('is compared with the row when a version without digests wrote it', async () => {
    const chatId = await newChat();
    const first = await send(chatId, 'first', 'key');
    await database.query('UPDATE message.message SET sent_digest = NULL WHERE chat_id = $1', [chatId]);
    expect((await send(chatId, 'first', 'key'))?.message).toEqual(first?.message);
    expect(await codeOf(send(chatId, 'another', 'key'))).toBe('DUPLICATE_KEY');
    await edit(chatId, 'edited');
    expect(await codeOf(send(chatId, 'first', 'key'))).toBe('DUPLICATE_KEY');
  });

  it('has a digest of 16 bytes that never changes, and none without a key', async () => {
    const chatId = await newChat();
    await send(chatId, 'hello', 'key');
    await send(chatId, 'hello');
    expect(await digestsIn(chatId)).toEqual(['f8bde24620c90bf3557b82423894ba07', undefined]);
  });
});

describe('a reply', () => {
  it('contains the message it replies to, which must be in the same chat', async () => {
    const [chatId, elsewhere] = [await newChat(), await newChat()];
    const first = await send(chatId, 'first');
    const reply = await groupCommit.send(
      admin,
      chatId,
      { text: 'reply', replyToId: first?.message.id },
      inTime,
    );
    expect(reply?.message.replyTo).toEqual({ ...first?.message, replyTo: undefined });
    expect(
      await codeOf(
        groupCommit.send(owner, elsewhere, { text: 'reply', replyToId: first?.message.id }, inTime),
      ),
    ).toBe('MESSAGE_NOT_FOUND');
  });
});

describe('a message that the database refuses', () => {
  it('fails alone, and the rest of its batch is stored', async () => {
    await database.query(`
      CREATE FUNCTION message.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = '23514'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON message.message FOR EACH ROW WHEN (NEW.text = 'poison') EXECUTE FUNCTION message.refuse();`);
    const chatId = await newChat();
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'poison', 'c', 'd'].map((text) => send(chatId, text)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await rowsOf(chatId)).toEqual([
      { seq: 1, text: 'a' },
      { seq: 2, text: 'b' },
      { seq: 3, text: 'c' },
      { seq: 4, text: 'd' },
    ]);
    expect((await logOf(chatId)).map(({ rev }) => rev)).toEqual(upTo(4));
  });
});

describe('while another transaction has locked a chat', () => {
  /** Runs `meanwhile` while the chat's row is locked and the sends wait for it. */
  async function whileLocked(
    chatId: string,
    waiting: () => Promise<unknown>[],
    meanwhile: () => Promise<unknown>,
  ): Promise<unknown[]> {
    const holder = (await database.open()).createQueryRunner();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM message.chat WHERE id = $1 FOR UPDATE', [chatId]);
    const outcomes = Promise.all(waiting().map(codeOf));
    await waitFor(async () => (await waitingPids()).length > 0, { what: 'the batch to wait for the lock' });
    await meanwhile();
    const codes = await outcomes;
    await holder.query('ROLLBACK');
    await holder.release();
    return codes;
  }
  const waitingPids = async (): Promise<number[]> =>
    (
      await database.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'",
        [database.name],
      )
    ).rows.map(({ pid }) => pid);

  it('a send fails with BUSY, and a retry succeeds', async () => {
    const chatId = await newChat();
    expect(
      await whileLocked(
        chatId,
        () => [send(chatId, 'hi', 'key')],
        () => Promise.resolve(),
      ),
    ).toEqual(['BUSY']);
    expect((await send(chatId, 'hi', 'key'))?.message.seq).toBe(1);
  });

  it('a batch whose connection is lost fails with UNAVAILABLE, and a retry succeeds', async () => {
    const chatId = await newChat();
    const texts = ['a', 'b', 'c'];
    const codes = await whileLocked(
      chatId,
      () => texts.map((text) => send(chatId, text, text)),
      async () => {
        for (const pid of await waitingPids()) await database.query('SELECT pg_terminate_backend($1)', [pid]);
      },
    );
    expect(codes).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
    expect(await rowsOf(chatId)).toEqual([]);
    const again = await Promise.all(texts.map((text) => send(chatId, text, text)));
    expect(again.map((one) => one?.message.seq)).toEqual([1, 2, 3]);
  });
});
