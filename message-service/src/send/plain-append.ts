import { databaseWork, isDatabaseError, prepared, type Database } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { groupPlain } from '../domain/plain-sends.ts';
import type { Send } from '../domain/send.ts';
import { appendPlain } from '../store/plain-sends.ts';
import type { CommitPlan, CommitStrategy, Recovery } from './commit-strategy.ts';

/**
 * The fast path: one statement, and so one round trip, for all plain sends of a batch. Leaves every send that
 * needs a decision.
 */
export class PlainAppend implements CommitStrategy {
  readonly #database: Database;

  constructor(database: DataSource) {
    this.#database = prepared(database);
  }

  plan<S extends Send>(sends: readonly S[]): CommitPlan<S> {
    const { chats, accepted, left } = groupPlain(sends);
    return { accepted, left, commit: () => databaseWork(() => appendPlain(this.#database, chats)) };
  }

  /** Only after a refusal by Postgres is it certain that nothing is stored. */
  recover(error: unknown): Recovery {
    return isDatabaseError(error) ? 'leave' : 'fail';
  }
}
