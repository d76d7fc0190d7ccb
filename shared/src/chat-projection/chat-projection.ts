import type { DataSource } from 'typeorm';
import type { Logger } from 'pino';
import type { Bus } from '../bus/index.ts';
import { mayEnter } from '../contracts/access.ts';
import { chatContracts, chatHeads, type ChatFacts } from '../contracts/chats.ts';
import type { Trace } from '../contracts/trace.ts';
import type { Actor } from '../contracts/values.ts';
import { Failure } from '../errors.ts';
import { databaseWork, type Database } from '../postgres/failures.ts';
import { prepared } from '../postgres/prepared.ts';
import type { ProjectedChatRow } from './entities.ts';

const PAGE = 500;
/** Signals may be lost, so the log is also read at this interval. */
const EVERY_MS = 5_000;

/**
 * A projection of chat-service's chats: one row per chat in `<schema>.chat(id, client_id, admin_id, status,
 * version)`, kept by following chat-service's log from a cursor in `<schema>.chat_cursor`. It checks access
 * locally, so known chats work while chat-service is down; an unknown chat is looked up. Invariant: a row
 * never returns to an older version.
 */
export class ChatProjection {
  readonly #database: DataSource;
  readonly #statements: Database;
  readonly #bus: Bus;
  readonly #logger: Logger;
  readonly #schema: string;
  readonly #lookUps = new Map<string, Promise<ChatFacts | undefined>>();
  #catchingUp: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(schema: string, database: DataSource, bus: Bus, logger: Logger) {
    this.#schema = schema;
    this.#database = database;
    this.#statements = prepared(database);
    this.#bus = bus;
    this.#logger = logger;
  }

  /**
   * Throws CHAT_NOT_FOUND both for a chat that does not exist and for one that is not the actor's. Both
   * take the same path, so that neither text nor time tells them apart. `trace`: of the caller's request.
   */
  async requireAccess(actor: Actor, chatId: string, trace?: Trace): Promise<ChatFacts> {
    const [row] = await databaseWork(() =>
      this.#statements.query<ProjectedChatRow>(
        `/* projected-chat */ SELECT id, client_id AS "clientId", admin_id AS "adminId", status, version FROM "${this.#schema}".chat WHERE id = $1`,
        [chatId],
      ),
    );
    if (row !== undefined && mayEnter(actor, row)) return { ...row, adminId: row.adminId ?? undefined };
    const chat = await this.lookUp(actor, chatId, trace);
    if (chat === undefined) throw new Failure('CHAT_NOT_FOUND');
    return chat;
  }

  /**
   * Requests a chat from chat-service when the projection gives the actor no access, and applies it if the
   * actor has access. Concurrent callers share one request, in the trace of the first.
   */
  async lookUp(actor: Actor, chatId: string, trace?: Trace): Promise<ChatFacts | undefined> {
    const request =
      this.#lookUps.get(chatId) ??
      this.#requestChat(chatId, trace).finally(() => {
        this.#lookUps.delete(chatId);
      });
    this.#lookUps.set(chatId, request);
    const chat = await request;
    if (chat === undefined || !mayEnter(actor, chat)) return undefined;
    await this.apply([chat]);
    return chat;
  }

  async #requestChat(chatId: string, trace: Trace | undefined): Promise<ChatFacts | undefined> {
    const { chat } = await this.#bus.request(chatContracts.lookUpChat, { chatId }, { trace });
    return chat;
  }

  /**
   * Makes the rows at least as new as these facts. Transactions that begin after it resolves see no older
   * ones.
   */
  async apply(chats: readonly ChatFacts[], database: Database = this.#statements): Promise<void> {
    const newest = [
      ...new Map(chats.toSorted((a, b) => a.version - b.version).map((chat) => [chat.id, chat])).values(),
    ].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    await databaseWork(() =>
      database.query(
        `/* apply-chats */ INSERT INTO "${this.#schema}".chat AS known (id, client_id, admin_id, status, version)
       SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::integer[])
       ON CONFLICT (id) DO UPDATE SET admin_id = excluded.admin_id, status = excluded.status, version = excluded.version
       WHERE known.version < excluded.version`,
        [
          newest.map((chat) => chat.id),
          newest.map((chat) => chat.clientId),
          newest.map((chat) => chat.adminId ?? null),
          newest.map((chat) => chat.status),
          newest.map((chat) => chat.version),
        ],
      ),
    );
  }

  /** Follows chat-service's log. Returns how to stop. */
  follow(): () => void {
    const catchUp = () => {
      void this.#catchUpOnce();
    };
    this.#bus.onSignal(chatHeads, ({ heads }) => {
      if (heads.length > 0) catchUp();
    });
    this.#bus.onReconnect(catchUp);
    this.#timer = setInterval(catchUp, EVERY_MS);
    catchUp();
    return () => {
      clearInterval(this.#timer);
    };
  }

  async #catchUpOnce(): Promise<void> {
    this.#catchingUp ??= this.#catchUp()
      .catch((error: unknown) => {
        this.#logger.debug(
          { err: error },
          "chat-projection: following chat-service's log failed; it retries",
        );
      })
      .finally(() => {
        this.#catchingUp = undefined;
      });
    return this.#catchingUp;
  }

  async #catchUp(): Promise<void> {
    for (let hasMore = true; hasMore;) hasMore = await this.#readPage();
  }

  /**
   * Applies one page and returns whether there are more. Rows and cursor change in one transaction.
   * Replicas may do it concurrently, since rows only move to newer versions.
   */
  async #readPage(): Promise<boolean> {
    const cursor = await this.#cursor();
    const page = await this.#bus.request(chatContracts.readChanges, { cursor, limit: PAGE });
    if (page.chats.length === 0) return false;
    await databaseWork(() =>
      this.#database.transaction(async (transaction) => {
        await this.apply(page.chats, transaction);
        await transaction.query(
          `INSERT INTO "${this.#schema}".chat_cursor (id, cursor) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET cursor = excluded.cursor`,
          [page.cursor],
        );
      }),
    );
    return page.hasMore;
  }

  async #cursor(): Promise<string | undefined> {
    const [row] = await this.#statements.query<{ cursor: string }>(
      `/* chat-cursor */ SELECT cursor FROM "${this.#schema}".chat_cursor WHERE id = 1`,
    );
    return row?.cursor;
  }
}
