import { logEntry, newMessage, type Actor, type NewMessage } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { guarded } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { v7 as uuid } from 'uuid';
import { render, type UrlOfFile } from '../domain/message.ts';
import type { MessageSender, Sent } from '../domain/message-store.ts';
import { decideSends, type Outcome, type Send } from '../domain/send.ts';
import { insertAppended, readFacts } from './send-statements.ts';

interface Waiting {
  readonly send: Send;
  readonly isExpired: () => boolean;
  readonly resolve: (sent: Sent | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_BATCH = 256;

/**
 * Group commit: sends in flight together share one transaction. A batch forms while the one before it commits; an idle
 * writer waits for nobody. Resolves after COMMIT only; undefined when this service has no row of the chat.
 */
export class MessageWriter implements MessageSender {
  readonly #database: DataSource;
  readonly #urlOf: UrlOfFile;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(database: DataSource, urlOf: UrlOfFile) {
    this.#database = database;
    this.#urlOf = urlOf;
  }

  send(sender: Actor, chatId: string, message: NewMessage, isExpired: () => boolean): Promise<Sent | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ send: { id: uuid(), chatId, sender, message }, isExpired, resolve, reject });
      if (this.#isWriting) return;
      this.#isWriting = true;
      // Whatever else arrives in this turn joins the batch.
      queueMicrotask(() => { void this.#writeAll(); });
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH).filter(isStillWanted);
      if (batch.length > 0) await this.#settle(batch);
    }
    this.#isWriting = false;
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#commit(batch.map(({ send }) => send));
      for (const [index, waiting] of batch.entries()) this.#tell(waiting, outcomes[index]);
    } catch (error) {
      // An outage is everybody's. Anything else is one message's fault, so each gets a transaction of its own.
      if (error instanceof Failure || batch.length === 1) for (const waiting of batch) waiting.reject(error);
      else for (const waiting of batch) await this.#settle([waiting]);
    }
  }

  #commit(sends: readonly Send[]): Promise<Outcome[]> {
    return guarded(() => this.#database.transaction(async (transaction) => {
      const outcomes = decideSends(sends, await readFacts(transaction, sends));
      await insertAppended(transaction, outcomes);
      return outcomes;
    }));
  }

  #tell({ resolve, reject }: Waiting, outcome: Outcome | undefined): void {
    if (outcome === undefined || outcome.kind === 'unknown') {
      resolve(undefined);
    } else if (outcome.kind === 'refused') {
      reject(outcome.failure);
    } else {
      const message = render(outcome.thread, this.#urlOf);
      resolve({ message, entry: outcome.kind === 'appended' ? logEntry(newMessage, outcome.rev, message) : undefined });
    }
  }
}

function isStillWanted({ isExpired, reject }: Waiting): boolean {
  if (!isExpired()) return true;
  reject(new Failure('TIMEOUT'));
  return false;
}
