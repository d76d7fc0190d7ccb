import { MAX_UNREAD, type Actor, type ReadMark } from '@switchboard/shared/contracts';
import type { Database } from '@switchboard/shared/postgres';

/** SQL: moves marks forward, to the rows (chat_id, user_id, seq, at) that `selected` selects. */
const moveTo = (selected: string): string => `
    INSERT INTO message.read_mark AS mark (chat_id, user_id, seq, at) ${selected}
    ON CONFLICT (chat_id, user_id) DO UPDATE SET seq = excluded.seq, at = excluded.at WHERE mark.seq < excluded.seq`;

/** SQL: moves the marks of those whose messages a statement appends, given as rows of `appended`. */
export const moveSendersMarks = (appended: string): string =>
  moveTo(`SELECT chat_id, sender_id, max(seq), max(created_at) FROM ${appended} GROUP BY chat_id, sender_id`);

/** SQL: the marks of a chat; `chat` is the expression of its id. */
export const marksOf = (chat: string): string =>
  `(SELECT coalesce(jsonb_agg(jsonb_build_object('userId', user_id, 'seq', seq, 'at', (extract(epoch FROM at) * 1000)::bigint) ORDER BY user_id), '[]')
    FROM message.read_mark WHERE chat_id = ${chat})`;

/** What `marksOf` selects; `at`: in ms since 1970. */
export type SelectedMarks = readonly { readonly userId: number; readonly seq: number; readonly at: number }[];

export const toReadMarks = (chatId: string, marks: SelectedMarks): ReadMark[] =>
  marks.map(({ userId, seq, at }) => ({ chatId, userId, seq, at: new Date(at).toISOString() }));

/** Undefined: the user has read nothing here. Call it under the chat's lock before a change. */
export async function readMarkOf(
  database: Database,
  chatId: string,
  userId: number,
): Promise<ReadMark | undefined> {
  const rows = await database.query<MarkRow>(
    'SELECT seq, at FROM message.read_mark WHERE chat_id = $1 AND user_id = $2',
    [chatId, userId],
  );
  return toMark(chatId, userId, rows);
}

/** Moves the mark forward, under the chat's lock. */
export async function moveMark(
  transaction: Database,
  chatId: string,
  userId: number,
  seq: number,
): Promise<ReadMark | undefined> {
  return toMark(chatId, userId, await transaction.query(MOVE, [chatId, userId, seq]));
}

/**
 * Moves the mark over the messages that the user has read one by one, up to the first that is not read, under
 * the chat's lock. Undefined: it stays.
 */
export async function moveMarkOverRead(
  transaction: Database,
  chatId: string,
  userId: number,
  lastSeq: number,
): Promise<ReadMark | undefined> {
  return toMark(chatId, userId, await transaction.query(MOVE_OVER_READ, [chatId, userId, lastSeq]));
}

interface MarkRow {
  readonly seq: number;
  readonly at: Date;
}

const toMark = (chatId: string, userId: number, [row]: readonly MarkRow[]): ReadMark | undefined =>
  row && { chatId, userId, seq: row.seq, at: row.at.toISOString() };

const NOW = "date_trunc('milliseconds', clock_timestamp())";
const MOVE = `${moveTo(`VALUES ($1, $2, $3, ${NOW})`)} RETURNING seq, at`;
const MOVE_OVER_READ = `
  WITH present AS (
    SELECT coalesce((SELECT seq FROM message.read_mark WHERE chat_id = $1 AND user_id = $2), 0) AS seq
  ), read AS (
    SELECT present.seq AS before, coalesce((
      SELECT m.seq FROM message.message m WHERE m.chat_id = $1 AND m.seq > present.seq AND m.sender_id <> $2 AND m.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM message.message_read r WHERE r.chat_id = m.chat_id AND r.user_id = $2 AND r.seq = m.seq)
      ORDER BY m.seq LIMIT 1
    ), $3 + 1) - 1 AS seq FROM present
  )${moveTo(`SELECT $1, $2, seq, ${NOW} FROM read WHERE seq > before`)} RETURNING seq, at`;

/** How many messages of others, not deleted, lie behind the mark. */
export async function countUnread(
  database: Database,
  chatId: string,
  { id }: Pick<Actor, 'id'>,
  mark: number,
): Promise<number> {
  const [row] = await database.query<{ unread: number }>(
    `/* count-unread */ SELECT count(*)::integer AS unread FROM (
       SELECT FROM message.message WHERE chat_id = $1 AND seq > $3 AND sender_id <> $2 AND deleted_at IS NULL LIMIT ${MAX_UNREAD}
     ) AS behind`,
    [chatId, id, mark],
  );
  return row?.unread ?? 0;
}
