import { mayEnterAny, type Actor, type ChatStatus, type Trace } from '@switchboard/shared/contracts';
import type { ChatLog, LogRow } from '@switchboard/shared/log';
import type { Database } from '@switchboard/shared/postgres';

/** A chat's row under its lock. */
export interface LockedHead {
  readonly status: ChatStatus;
  /** Of the last message. */
  readonly seq: number;
  /** Of the last entry of the log. */
  readonly rev: number;
  /** The time of Postgres, read under the lock. */
  readonly now: Date;
}

/** Locks the chat's row. Returns undefined and locks nothing if no row here gives the actor access. */
export async function lockHead(
  transaction: Database,
  actor: Actor,
  chatId: string,
): Promise<LockedHead | undefined> {
  const [head] = await transaction.query<LockedHead>(
    `SELECT status, seq, rev, date_trunc('milliseconds', clock_timestamp()) AS now
     FROM message.chat WHERE id = $1 AND ($2 OR client_id = $3) FOR UPDATE`,
    [chatId, mayEnterAny(actor), actor.id],
  );
  return head;
}

/** Appends entries of one chat, in the order of `rev`, under its lock. */
export async function appendEntries(
  transaction: Database,
  log: ChatLog,
  chatId: string,
  entries: readonly Omit<LogRow, 'chatId'>[],
  trace: Trace,
): Promise<void> {
  const last = entries.at(-1);
  if (last === undefined) return;
  const rows = entries.map(({ rev, event, payload }) => ({ chatId, rev, event, payload }));
  await log.append(transaction, rows, trace);
  await transaction.query('UPDATE message.chat SET rev = $2 WHERE id = $1', [chatId, last.rev]);
}
