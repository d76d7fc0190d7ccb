import { recordedTraceparent, Sizes, type OpenSpan, type Spans, type Trace } from '@switchboard/shared/bus';
import { logEntry, newMessage, type Actor, type NewMessage } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { failpoint } from '@switchboard/shared/failpoints';
import { randomBytes } from '@switchboard/shared/random';
import { guarded, isRefusal, prepared, type Database } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { v7 as uuid } from 'uuid';
import { render, type UrlOfFile } from '../domain/message.ts';
import type { Cause, MessageSender, Sent } from '../domain/message-store.ts';
import { decideSends, type Outcome, type Send } from '../domain/send.ts';
import { appendPlain, plainChats } from './plain-sends.ts';
import { insertAppended, readFacts, type OnContention } from './send-statements.ts';

/** Decides sends and commits what comes of it. What has no outcome then was left alone. */
type Commit = (sends: readonly Send[]) => Promise<ReadonlyMap<Send, Outcome>>;

interface Waiting {
  readonly send: Send;
  readonly cause: Cause;
  /** Of the send's wait for its COMMIT, below the request. */
  readonly span: OpenSpan;
  readonly resolve: (sent: Sent | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const batchSizes = new Sizes('switchboard.message.batch.size', '{message}', 'Messages that shared a transaction', [1, 2, 4, 8, 16, 32, 64, 128, 256]);

const MAX_BATCH = 256;
/** How many connections may wait for rows that others hold; the rest of the pool is for everybody else. */
const MAX_DETOURS = 4;

/**
 * Group commit: sends in flight together share one transaction. A batch forms while the one before it commits; an idle
 * writer waits for nobody. Resolves after COMMIT only; undefined when this service has no row of the chat
 * that is the sender's to enter.
 *
 * A batch never waits for a row that somebody else holds: sends to that chat take a detour, in their order, in transactions
 * of their own, which wait and fail with BUSY without anybody else noticing.
 */
export class MessageWriter implements MessageSender {
  readonly #database: DataSource;
  readonly #statements: Database;
  readonly #urlOf: UrlOfFile;
  readonly #spans: Spans;
  #waiting: Waiting[] = [];
  #isWriting = false;
  /** Per contended chat, what waits for it. */
  readonly #detours = new Map<string, Waiting[]>();
  readonly #detoursWaiting: string[] = [];
  #detoursRunning = 0;

  constructor(database: DataSource, urlOf: UrlOfFile, spans: Spans) {
    this.#database = database;
    this.#statements = prepared(database);
    this.#urlOf = urlOf;
    this.#spans = spans;
  }

  send(sender: Actor, chatId: string, message: NewMessage, cause: Cause): Promise<Sent | undefined> {
    return new Promise((resolve, reject) => {
      const span = this.#spans.begin('commit', 'internal', { parent: cause.trace });
      const waiting: Waiting = { send: { id: uuid({ rng: () => randomBytes(16) }), chatId, sender, message, traceparent: recordedTraceparent(span.trace) }, cause, span, resolve, reject };
      const detour = this.#detours.get(chatId);
      if (detour !== undefined) {
        detour.push(waiting);
        return;
      }
      this.#waiting.push(waiting);
      if (this.#isWriting) return;
      this.#isWriting = true;
      // Whatever else arrives in this turn joins the batch.
      queueMicrotask(() => { void this.#writeAll(); });
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0, MAX_BATCH));
    this.#isWriting = false;
  }

  /** What is plain goes in one statement; what is not, or was not taken by it, is decided under locks. */
  async #write(batch: readonly Waiting[]): Promise<void> {
    const plain = new Set(plainChats(batch.map(({ send }) => send)).flatMap(({ sends }) => sends));
    const left = await this.#settle(batch.filter(({ send }) => plain.has(send)), this.#appendPlain);
    const others = batch.filter(({ send }) => !plain.has(send));
    await this.#settle([...others, ...left], this.#decide('skip'));
  }

  readonly #appendPlain: Commit = (sends) => guarded(() => appendPlain(this.#statements, sends));

  readonly #decide = (onContention: OnContention): Commit => (sends) => guarded(() => this.#database.transaction(async (transaction) => {
    const outcomes = decideSends(sends, await readFacts(transaction, sends, onContention));
    await insertAppended(transaction, sends, outcomes);
    failpoint('message.inTransaction');
    return new Map(sends.map((send, index) => [send, outcomes[index] ?? { kind: 'unknown' }]));
  }));

  /** Commits and tells; returns what has no outcome yet. */
  async #settle(all: readonly Waiting[], commit: Commit): Promise<Waiting[]> {
    const batch = all.filter(isStillWanted);
    if (batch.length === 0) return [];
    const shared = this.#spans.beginShared('commit sends', batch.map(({ span }) => span.trace));
    let outcomes: ReadonlyMap<Send, Outcome>;
    try {
      outcomes = await shared.run(() => commit(batch.map(({ send }) => send)));
    } catch (error) {
      return this.#fail(batch, error, shared, commit);
    }
    batchSizes.record(outcomes.size);
    try {
      failpoint('message.committed');
      shared.end(undefined, { 'switchboard.batch.size': outcomes.size });
      for (const waiting of batch) this.#tell(waiting, outcomes.get(waiting.send), shared.trace);
    } catch (error) {
      // It is stored, and must not be stored again: whoever has no answer repeats it under its key.
      for (const { reject } of batch) reject(error);
      return [];
    }
    this.#divert(batch.filter(({ send }) => outcomes.get(send)?.kind === 'contended'));
    return batch.filter(({ send }) => !outcomes.has(send));
  }

  /** An outage is everybody's. Anything else is one message's fault: what was plain is decided, and what was decided gets a transaction each. */
  async #fail(batch: readonly Waiting[], error: unknown, shared: OpenSpan, commit: Commit): Promise<Waiting[]> {
    const code = error instanceof Failure ? error.code : 'INTERNAL';
    shared.end(code, { 'switchboard.batch.size': batch.length });
    // Only of what Postgres refused is it known that nothing is stored.
    if (commit === this.#appendPlain && isRefusal(error)) return [...batch];
    if (commit !== this.#appendPlain && !(error instanceof Failure) && batch.length > 1) {
      for (const waiting of batch) await this.#settle([waiting], commit);
      return [];
    }
    for (const { span, reject } of batch) {
      span.end(code, {}, [shared.trace]);
      reject(error);
    }
    return [];
  }

  /** Takes sends, and whatever waits behind them for the same chats, out of everybody's way. */
  #divert(contended: readonly Waiting[]): void {
    if (contended.length === 0) return;
    const chats = new Set(contended.map(({ send }) => send.chatId));
    const behind = this.#waiting.filter(({ send }) => chats.has(send.chatId));
    this.#waiting = this.#waiting.filter(({ send }) => !chats.has(send.chatId));
    for (const waiting of [...contended, ...behind]) {
      const { chatId } = waiting.send;
      const detour = this.#detours.get(chatId);
      if (detour === undefined) this.#detoursWaiting.push(chatId);
      this.#detours.set(chatId, [...(detour ?? []), waiting]);
    }
    this.#startDetours();
  }

  #startDetours(): void {
    while (this.#detoursRunning < MAX_DETOURS) {
      const chatId = this.#detoursWaiting.shift();
      if (chatId === undefined) return;
      this.#detoursRunning += 1;
      void this.#writeDetour(chatId).finally(() => {
        this.#detoursRunning -= 1;
        this.#startDetours();
      });
    }
  }

  async #writeDetour(chatId: string): Promise<void> {
    for (let detour = this.#detours.get(chatId) ?? []; detour.length > 0; detour = this.#detours.get(chatId) ?? []) {
      await this.#settle(detour.splice(0, MAX_BATCH), this.#decide('wait'));
    }
    this.#detours.delete(chatId);
  }

  #tell({ span, resolve, reject }: Waiting, outcome: Outcome | undefined, committedIn: Trace): void {
    if (outcome === undefined || outcome.kind === 'contended') return;
    span.end(outcome.kind === 'refused' ? outcome.failure.code : undefined, {}, [committedIn]);
    if (outcome.kind === 'unknown') {
      resolve(undefined);
    } else if (outcome.kind === 'refused') {
      reject(outcome.failure);
    } else {
      const message = render(outcome.thread, this.#urlOf);
      resolve({ message, entry: outcome.kind === 'appended' ? logEntry(newMessage, outcome.rev, message) : undefined });
    }
  }
}

function isStillWanted({ cause, span, reject }: Waiting): boolean {
  if (!cause.isExpired) return true;
  span.end('TIMEOUT');
  reject(new Failure('TIMEOUT'));
  return false;
}
