import { chatAssigned, chatOpened, chatStatusChanged, logEntry, mayEnterAny, type Actor, type Chat, type ChatFacts, type LogEntry, type Trace } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { ChatLog, type LogRow } from '@switchboard/shared/log';
import { answers, guarded } from '@switchboard/shared/postgres';
import { In, type DataSource, type EntityManager } from 'typeorm';
import { v7 as uuid } from 'uuid';
import { asksForWhatIs, decideChange, requireMayChange, type Change, type ChatState } from '../domain/chat.ts';
import type { Changed, ChatStore } from '../domain/chat-store.ts';
import { decodeKey, decodePosition, encodeKey, encodePosition } from './cursors.ts';
import { chatEntity, SCHEMA, type ChatRow } from './entities.ts';

/** Chats in Postgres. Every change is one transaction: the row under its lock, and its entry in the log. */
export function createChatStore(database: DataSource): ChatStore & { readonly log: ChatLog } {
  const chats = database.getRepository(chatEntity);
  const log = new ChatLog(SCHEMA);

  return {
    log,

    open: (clientId, trace) => guarded(() => database.transaction(async (transaction) => {
      const now = new Date();
      const row: ChatRow = { id: uuid(), clientId, adminId: null, status: 'PENDING', createdAt: now, updatedAt: now, version: 1, confirmedVersion: 1 };
      await transaction.insert(chatEntity, row);
      return await logged(transaction, row, logEntry(chatOpened, row.version, { chatId: row.id, clientId }), trace);
    })),

    find: (chatId) => guarded(async () => {
      const row = await chats.findOneBy({ id: chatId });
      return row === null ? undefined : toChat(row);
    }),

    list: ({ clientId, status, limit, cursor }) => guarded(async () => {
      const oldestFirst = status === 'PENDING';
      const query = chats.createQueryBuilder('chat').take(limit + 1)
        .orderBy('chat.createdAt', oldestFirst ? 'ASC' : 'DESC').addOrderBy('chat.id', oldestFirst ? 'ASC' : 'DESC');
      if (clientId !== undefined) query.andWhere('chat.clientId = :clientId', { clientId });
      if (status !== undefined) query.andWhere('chat.status = :status', { status });
      if (cursor !== undefined) query.andWhere(`(chat.createdAt, chat.id) ${oldestFirst ? '>' : '<'} (:createdAt, :id)`, decodeKey(cursor));
      const rows = await query.getMany();
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return { chats: page.map(toChat), nextCursor: rows.length > limit && last !== undefined ? encodeKey(last) : undefined };
    }),

    change: (chatId, change, actor, trace) => guarded(() => database.transaction(async (transaction) => {
      // A stranger locks nothing.
      const row = await transaction.findOne(chatEntity, { where: { id: chatId, ...(mayEnterAny(actor) ? {} : { clientId: actor.id }) }, lock: { mode: 'pessimistic_write' } });
      if (row === null) throw new Failure('CHAT_NOT_FOUND');
      requireMayChange(actor, change);
      if (isUnanswered(row, change, actor)) return await lastChange(transaction, row);
      return await apply(transaction, row, change, actor, trace);
    })),

    confirm: (chatId, version) => guarded(async () => {
      await chats.createQueryBuilder().update().set({ confirmedVersion: version }).updateEntity(false)
        .where('id = :chatId AND confirmedVersion < :version', { chatId, version }).execute();
    }),

    facts: (chatId) => guarded(async () => {
      const row = await chats.findOneBy({ id: chatId });
      return row === null ? undefined : toFacts(row);
    }),

    changesAfter: (cursor, limit) => guarded(async () => {
      const entries = await log.readAll(database, decodePosition(cursor), limit);
      const last = entries.at(-1);
      const rows = await chats.findBy({ id: In([...new Set(entries.map((entry) => entry.chatId))]) });
      return { chats: rows.map(toFacts), hasMore: entries.length === limit, cursor: last && encodePosition(last) };
    }),

    readLog: (chatId, after, limit) => guarded(async () => (await log.read(database, chatId, after, limit)).map(toEntry)),
    heads: (chatIds) => guarded(() => log.heads(database, chatIds)),
    isReady: () => answers(database),
  };

  async function apply(transaction: EntityManager, row: ChatRow, change: Change, actor: Actor, trace: Trace): Promise<Changed> {
    const after = decideChange(toState(row), change, actor);
    const next: ChatRow = { ...row, status: after.status, adminId: after.adminId ?? null, updatedAt: new Date(), version: row.version + 1 };
    await transaction.update(chatEntity, { id: row.id }, next);
    return await logged(transaction, next, entryFor(row, next), trace);
  }

  async function logged(transaction: EntityManager, row: ChatRow, entry: LogEntry, trace: Trace): Promise<Changed> {
    await log.append(transaction, [{ chatId: row.id, ...entry }], trace);
    return { chat: toChat(row), facts: toFacts(row), entry };
  }

  async function lastChange(transaction: EntityManager, row: ChatRow): Promise<Changed> {
    const [entry] = await log.read(transaction, row.id, row.version - 1, 1);
    if (entry === undefined) throw new Error(`chat ${row.id} has no log entry ${row.version.toString()}`);
    return { chat: toChat(row), facts: toFacts(row), entry: toEntry(entry) };
  }
}

function entryFor(before: ChatRow, { id: chatId, version, status, adminId }: ChatRow): LogEntry {
  if (status === before.status && adminId !== null) return logEntry(chatAssigned, version, { chatId, adminId });
  return logEntry(chatStatusChanged, version, { chatId, status, adminId: adminId ?? undefined });
}

/** A change that was committed but never answered, asked for again: the answer is what was missing, not another change. */
const isUnanswered = (row: ChatRow, change: Change, actor: Actor): boolean =>
  row.confirmedVersion < row.version && asksForWhatIs(toState(row), change, actor);

/** Nobody is the author of these: everyone joined hears them. */
const toEntry = ({ event, rev, payload }: LogRow): LogEntry => ({ event, rev, payload });

const toState = (row: ChatRow): ChatState => ({ id: row.id, clientId: row.clientId, adminId: row.adminId ?? undefined, status: row.status });

const toFacts = (row: ChatRow): ChatFacts => ({
  id: row.id, clientId: row.clientId, status: row.status, version: row.version, adminId: row.adminId ?? undefined,
});

const toChat = (row: ChatRow): Chat => ({
  id: row.id, clientId: row.clientId, status: row.status,
  createdAt: row.createdAt.toISOString(), updatedAt: row.updatedAt.toISOString(), adminId: row.adminId ?? undefined,
});
