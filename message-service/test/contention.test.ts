import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newTrace, noRecorder, Spans } from '@switchboard/shared/telemetry';
import { Failure } from '@switchboard/shared/errors';
import type { DataSource } from 'typeorm';
import { GroupCommit } from '../src/send/group-commit.ts';
import { createMessageDatabase, type MessageDatabase } from './database.ts';
import { aChat, owner } from './given.ts';

// Another transaction has locked a chat's row: only sends to that chat wait.

let database: MessageDatabase;
let pool: DataSource;
let groupCommit: GroupCommit;
beforeAll(async () => {
  database = await createMessageDatabase();
  pool = await database.open();
  groupCommit = new GroupCommit(pool, (id) => id, new Spans(noRecorder));
});
afterAll(() => database.drop());

const send = (chatId: string, text: string) =>
  groupCommit.send(owner, chatId, { text }, { trace: newTrace(), isExpired: false }).then(
    (sent) => sent?.message.seq,
    (error: unknown) => (error instanceof Failure ? error.code : error),
  );

/** Locks the chats' rows until the returned function releases them. */
async function lock(chatIds: readonly string[]): Promise<() => Promise<void>> {
  const runner = pool.createQueryRunner();
  await runner.startTransaction();
  await runner.query('SELECT 1 FROM message.chat WHERE id = ANY($1) FOR UPDATE', [chatIds]);
  return async () => {
    await runner.rollbackTransaction();
    await runner.release();
  };
}

it('fails with BUSY within 2 s, while sends to other chats do not wait', async () => {
  const locked = await database.addChat(aChat());
  const free = await database.addChat(aChat());
  const unlock = await lock([locked]);
  const since = performance.now();
  const waiting = send(locked, 'waits').then((outcome) => ({ outcome, afterMs: performance.now() - since }));
  for (let n = 1; n <= 20; n++) expect(await send(free, `${n}`)).toBe(n);
  const freeDoneAfterMs = performance.now() - since;
  const { outcome, afterMs } = await waiting;
  await unlock();
  expect(outcome).toBe('BUSY');
  expect(afterMs).toBeLessThan(2_000);
  expect(freeDoneAfterMs).toBeLessThan(afterMs);
  expect(await send(locked, 'again')).toBe(1);
});

it('commits the waiting sends in their order once the row is unlocked', async () => {
  const locked = await database.addChat(aChat());
  const unlock = await lock([locked]);
  const sends = Array.from({ length: 30 }, (_, n) => send(locked, `${n}`));
  await send(await database.addChat(aChat()), 'a batch of its own');
  sends.push(...Array.from({ length: 30 }, (_, n) => send(locked, `${n + 30}`)));
  await unlock();
  expect(await Promise.all(sends)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
});

it('leaves pooled connections to other chats when more chats are locked than detours may run', async () => {
  const locked = await Promise.all(Array.from({ length: 12 }, () => database.addChat(aChat())));
  const free = await database.addChat(aChat());
  const unlock = await lock(locked);
  const waiting = locked.map((chatId) => send(chatId, 'waits'));
  const sent = await Promise.all(Array.from({ length: 10 }, (_, n) => send(free, `${n}`)));
  expect(sent).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await unlock();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([1]));
});
