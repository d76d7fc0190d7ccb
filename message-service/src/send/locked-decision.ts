import { Failure } from '@switchboard/shared/errors';
import { databaseWork } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { decideSends, type Send } from '../domain/send.ts';
import { insertAppended, readFacts, type OnContention } from '../store/send-statements.ts';
import type { CommitPlan, CommitStrategy, Recovery } from './commit-strategy.ts';

/** Decides sends by the domain's rules, under the locks of their chats. Accepts every send. */
export class LockedDecision implements CommitStrategy {
  readonly #database: DataSource;
  readonly #onContention: OnContention;

  constructor(database: DataSource, onContention: OnContention) {
    this.#database = database;
    this.#onContention = onContention;
  }

  plan<S extends Send>(sends: readonly S[]): CommitPlan<S> {
    return {
      accepted: sends,
      left: [],
      commit: () =>
        databaseWork(() =>
          this.#database.transaction(async (transaction) => {
            const decisions = decideSends(sends, await readFacts(transaction, sends, this.#onContention));
            await insertAppended(transaction, decisions);
            return decisions;
          }),
        ),
    };
  }

  /** An outage (a Failure) concerns all sends; any other error is the fault of one of them. */
  recover(error: unknown, sends: number): Recovery {
    return error instanceof Failure || sends === 1 ? 'fail' : 'split';
  }
}
