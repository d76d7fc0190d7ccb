import {
  chatEvents,
  LOG_PAGE,
  logEntry,
  mayEnterAny,
  type Chat,
  type ChatFacts,
  type LogEntry,
  type Trace,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { ChatLog, LOG_START, type LogRenderer } from '@switchboard/shared/log';
import { isReachable, databaseWork, type Database } from '@switchboard/shared/postgres';
import { In, type DataSource, type EntityManager } from 'typeorm';
import { v7 as uuid } from 'uuid';
import {
  decideChange,
  requireMayChange,
  requireMayOpen,
  type ChatState,
  type OpenLimit,
} from '../domain/chat.ts';
import type { Changed, ChatStore, Unconfirmed } from '../domain/chat-store.ts';
import { entriesOf } from '../domain/entries.ts';
import { placementOf, type PlacementOf } from '../domain/placements.ts';
import { chatCursor, logCursor } from './cursors.ts';
import { chatEntity, SCHEMA, type ChatRow } from './entities.ts';
import { confirmVersion, readPlacements } from './placements.ts';

/** Chats in Postgres. Every change is one transaction: the row under its lock, and its entry in the log. */
export function createChatStore(
  database: DataSource,
  renderer: LogRenderer<PlacementOf, undefined>,
  limit: OpenLimit,
): ChatStore & { readonly log: ChatLog } {
  const chats = database.getRepository(chatEntity);
  const log = new ChatLog(SCHEMA);

  return {
    log,

    open: ({ clientId, idempotencyKey }, trace) =>
      databaseWork(() =>
        database.transaction(async (transaction) => {
          // Two requests of one client wait for each other: a double click, or a retry beside its first try.
          await transaction.query(`SELECT pg_advisory_xact_lock(hashtextextended('switchboard.open', $1))`, [
            clientId,
          ]);
          const first = await openedWith(transaction, clientId, idempotencyKey);
          if (first !== null) return { chat: toChat(first), isRepeat: true };
          requireMayOpen(await openChatsOf(transaction, clientId, limit.maxOpen), limit);
          const row = newRow(clientId, idempotencyKey);
          await transaction.insert(chatEntity, row);
          const opened = { chatId: row.id, clientId };
          await logged(transaction, row, [logEntry(chatEvents.chatOpened, row.version, opened)], trace);
          return { chat: toChat(row), isRepeat: false };
        }),
      ),

    find: (chatId) =>
      databaseWork(async () => {
        const row = await chats.findOneBy({ id: chatId });
        return row === null ? undefined : toChat(row);
      }),

    list: ({ clientId, status, limit: pageSize, cursor }) =>
      databaseWork(async () => {
        const { column, order, follows } = ORDERS[status === 'PENDING' ? 'waiting' : 'newest'];
        const query = chats
          .createQueryBuilder('chat')
          .take(pageSize + 1)
          .orderBy(`chat.${column}`, order)
          .addOrderBy('chat.id', order);
        if (clientId !== undefined) query.andWhere('chat.clientId = :clientId', { clientId });
        if (status !== undefined) query.andWhere('chat.status = :status', { status });
        if (cursor !== undefined)
          query.andWhere(`(chat.${column}, chat.id) ${follows} (:at, :id)`, chatCursor.decode(cursor));
        const rows = await query.getMany();
        const page = rows.slice(0, pageSize);
        const last = page.at(-1);
        return {
          chats: page.map(toChat),
          nextCursor:
            rows.length > pageSize && last !== undefined
              ? chatCursor.encode({ at: last[column].toISOString(), id: last.id })
              : undefined,
        };
      }),

    change: (chatId, change, actor, trace) =>
      databaseWork(() =>
        database.transaction(async (transaction) => {
          // A stranger locks nothing.
          const row = await transaction.findOne(chatEntity, {
            where: { id: chatId, ...(mayEnterAny(actor) ? {} : { clientId: actor.id }) },
            lock: { mode: 'pessimistic_write' },
          });
          if (row === null) throw new Failure('CHAT_NOT_FOUND');
          requireMayChange(actor, change);
          const before = toState(row);
          const after = decideChange(before, change, actor);
          return after === before
            ? { chat: toChat(row), ...(await unconfirmed(transaction, row)) }
            : await apply(transaction, row, after, actor.id, trace);
        }),
      ),

    confirm: (chatId, version, placements) =>
      databaseWork(async () => {
        await confirmVersion(database, chatId, version, placements);
      }),

    listUnconfirmed: (minAgeMs, after, pageSize) =>
      databaseWork(async () => {
        const query = chats
          .createQueryBuilder('chat')
          .where('chat.version > chat.confirmedVersion')
          .andWhere(`chat.updatedAt < now() - make_interval(secs => :age)`, { age: minAgeMs / 1_000 })
          .orderBy('chat.updatedAt')
          .addOrderBy('chat.id')
          .take(pageSize);
        if (after !== undefined)
          query.andWhere('(chat.updatedAt, chat.id) > (:changedAt, :chatId)', { ...after });
        const rows = await query.getMany();
        return Promise.all(
          rows.map(async (row) => ({
            key: { changedAt: row.updatedAt, chatId: row.id },
            ...(await unconfirmed(database, row)),
          })),
        );
      }),

    isBeingPlaced: (chatId, maxAgeMs) =>
      databaseWork(() =>
        chats
          .createQueryBuilder('chat')
          .where('chat.id = :chatId AND chat.version > chat.confirmedVersion', { chatId })
          .andWhere('chat.updatedAt > now() - make_interval(secs => :age)', { age: maxAgeMs / 1_000 })
          .getExists(),
      ),

    facts: (chatId) =>
      databaseWork(async () => {
        const row = await chats.findOneBy({ id: chatId });
        return row === null ? undefined : toFacts(row);
      }),

    changesAfter: (cursor, limit) =>
      databaseWork(async () => {
        const entries = await log.readAll(
          database,
          cursor === undefined ? LOG_START : logCursor.decode(cursor),
          limit,
        );
        const last = entries.at(-1);
        const rows = await chats.findBy({ id: In([...new Set(entries.map((entry) => entry.chatId))]) });
        return {
          chats: rows.map(toFacts),
          hasMore: entries.length === limit,
          cursor: last && logCursor.encode({ xact: last.xact, position: last.position }),
        };
      }),

    readLog: (chatId, after, limit) =>
      databaseWork(async () => {
        const entries = await readEntries(database, chatId, after, limit);
        return { entries, hasMore: entries.length === limit };
      }),
    heads: (chatIds) => databaseWork(() => log.heads(database, chatIds)),
    isReady: () => isReachable(database),
  };

  async function apply(
    transaction: EntityManager,
    row: ChatRow,
    after: ChatState,
    by: number,
    trace: Trace,
  ): Promise<Changed> {
    const now = new Date();
    const entries = entriesOf(toState(row), after, row.version, { at: now.toISOString(), by });
    const next: ChatRow = {
      ...row,
      status: after.status,
      adminId: after.adminId ?? null,
      updatedAt: now,
      waitingSince: after.status === 'PENDING' ? now : row.waitingSince,
      version: row.version + entries.length,
    };
    await transaction.update(chatEntity, { id: row.id }, next);
    return await logged(transaction, next, entries, trace);
  }

  async function logged(
    transaction: EntityManager,
    row: ChatRow,
    entries: readonly LogEntry[],
    trace: Trace,
  ): Promise<Changed> {
    const rows = entries.map((entry) => ({ chatId: row.id, ...entry }));
    await log.append(transaction, rows, trace);
    return { chat: toChat(row), facts: toFacts(row), since: sinceOf(row), entries };
  }

  /** What a change without a reply may have left unpublished. */
  async function unconfirmed(source: Database, row: ChatRow): Promise<Unconfirmed> {
    const since = sinceOf(row);
    const entries = row.version > since ? await readEntries(source, row.id, since, row.version - since) : [];
    return { facts: toFacts(row), since, entries };
  }

  async function readEntries(
    source: Database,
    chatId: string,
    after: number,
    count: number,
  ): Promise<LogEntry[]> {
    const rows = await log.read(source, chatId, after, count);
    const placements = await readPlacements(source, chatId, after, rows.at(-1)?.rev ?? after);
    return renderer.render(rows, placementOf(placements));
  }
}

/** At most a page of entries is completed; older ones, after a long failure, keep no place. */
const sinceOf = ({ version, confirmedVersion }: ChatRow): number =>
  Math.max(confirmedVersion, version - LOG_PAGE);

/** How lists are ordered, and paged by the same columns. */
const ORDERS = {
  waiting: { column: 'waitingSince', order: 'ASC', follows: '>' },
  newest: { column: 'createdAt', order: 'DESC', follows: '<' },
} as const;

const openedWith = (
  transaction: EntityManager,
  clientId: number,
  idempotencyKey: string | undefined,
): Promise<ChatRow | null> =>
  idempotencyKey === undefined
    ? Promise.resolve(null)
    : transaction.findOneBy(chatEntity, { clientId, idempotencyKey });

const openChatsOf = (transaction: EntityManager, clientId: number, atMost: number): Promise<ChatRow[]> =>
  atMost === 0
    ? Promise.resolve([])
    : transaction.find(chatEntity, {
        where: { clientId, status: In(['PENDING', 'ACTIVE']) },
        order: { createdAt: 'DESC', id: 'DESC' },
        take: atMost,
      });

function newRow(clientId: number, idempotencyKey: string | undefined): ChatRow {
  const now = new Date();
  return {
    id: uuid(),
    clientId,
    adminId: null,
    status: 'PENDING',
    createdAt: now,
    updatedAt: now,
    waitingSince: now,
    idempotencyKey: idempotencyKey ?? null,
    version: 1,
    confirmedVersion: 1,
  };
}

const toState = (row: ChatRow): ChatState => ({
  id: row.id,
  clientId: row.clientId,
  adminId: row.adminId ?? undefined,
  status: row.status,
});

const toFacts = (row: ChatRow): ChatFacts => ({
  id: row.id,
  clientId: row.clientId,
  status: row.status,
  version: row.version,
  adminId: row.adminId ?? undefined,
});

const toChat = (row: ChatRow): Chat => ({
  id: row.id,
  clientId: row.clientId,
  status: row.status,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  waitingSince: row.status === 'PENDING' ? row.waitingSince.toISOString() : undefined,
  adminId: row.adminId ?? undefined,
});
