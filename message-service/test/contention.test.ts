import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newTrace, noRecorder, Spans } from '@switchboard/shared/bus';
import { Failure } from '@switchboard/shared/errors';
import type { DataSource } from 'typeorm';
import { MessageWriter } from '../src/store/message-writer.ts';
import { createMessageDatabase, type MessageDatabase } from './database.ts';
import { aChat, owner } from './given.ts';

// Somebody holds a chat's row: only that chat waits.

let database: MessageDatabase;
let pool: DataSource;
let writer: MessageWriter;
beforeAll(async () => {
  database = await createMessageDatabase();
  pool = await database.open();
  writer = new MessageWriter(pool, (id) => id, new Spans(noRecorder));
});
afterAll(() => database.drop());

const send = (chatId: string, text: string) => writer.send(owner, chatId, { text }, { trace: newTrace(), isExpired: false }).then((sent) => sent?.message.seq, (error: unknown) => (error instanceof Failure ? error.code : error));

/** Holds the chats' rows until it is told to let go. */
async function hold(chatIds: readonly string[]): Promise<() => Promise<void>> {
  const runner = pool.createQueryRunner();
  await runner.startTransaction();
  await runner.query('SELECT 1 FROM message.chat WHERE id = ANY($1) FOR UPDATE', [chatIds]);
  return async () => {
    await runner.rollbackTransaction();
    await runner.release();
  };
}

it('the others are sent at once while one waits, and fails with BUSY within 2 s', async () => {
  const held = await database.addChat(aChat());
  const free = await database.addChat(aChat());
  const letGo = await hold([held]);
  const since = performance.now();
  const waiting = send(held, 'waits').then((outcome) => ({ outcome, afterMs: performance.now() - since }));
  for (let n = 1; n <= 20; n++) expect(await send(free, `${n}`)).toBe(n);
  const freeDoneAfterMs = performance.now() - since;
  const { outcome, afterMs } = await waiting;
  await letGo();
  expect(outcome).toBe('BUSY');
  expect(afterMs).toBeLessThan(2_000);
  expect(freeDoneAfterMs).toBeLessThan(afterMs);
  expect(await send(held, 'again')).toBe(1);
});

it('what waited is sent in its order once the row is free', async () => {
  const held = await database.addChat(aChat());
  const letGo = await hold([held]);
  const sends = Array.from({ length: 30 }, (_, n) => send(held, `${n}`));
  await send(await database.addChat(aChat()), 'a batch of its own');
  sends.push(...Array.from({ length: 30 }, (_, n) => send(held, `${n + 30}`)));
  await letGo();
  expect(await Promise.all(sends)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
});

it('more held chats than detours leave the pool to everybody else', async () => {
  const held = await Promise.all(Array.from({ length: 12 }, () => database.addChat(aChat())));
  const free = await database.addChat(aChat());
  const letGo = await hold(held);
  const waiting = held.map((chatId) => send(chatId, 'waits'));
  const sent = await Promise.all(Array.from({ length: 10 }, (_, n) => send(free, `${n}`)));
  expect(sent).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await letGo();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([1]));
});
