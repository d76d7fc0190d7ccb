import {
  LOG_PAGE,
  mayEnterAny,
  type Actor,
  type Message,
  type Placement,
} from '@switchboard/shared/contracts';
import type { Database } from '@switchboard/shared/postgres';
import type { TimelineMessages } from '../domain/timeline.ts';
import { MESSAGE_COLUMNS, THREAD_COLUMNS, threadsOfPage, type ThreadRow } from './message-rows.ts';
import { withinBytes } from './page.ts';

const CHAT_VERSION = MESSAGE_COLUMNS.chatVersion.name;

/**
 * Where entries of chat-service's log stand: behind the last message that was appended under an older
 * version. Final for every version that the projection holds, since later messages have at least that
 * version. At most a page of entries, the last ones.
 */
export const placements = (
  database: Database,
  chatId: string,
  since: number,
  upTo: number,
): Promise<Placement[]> =>
  database.query(
    `/* place-entries */ SELECT entry.rev, coalesce(last.seq, 0) AS "afterSeq", coalesce(last.rev, 0) AS "afterRev"
     FROM generate_series($2::integer + 1, $3::integer) AS entry(rev) LEFT JOIN LATERAL (
       SELECT m.seq, m.rev FROM message.message m WHERE m.chat_id = $1 AND m.${CHAT_VERSION} < entry.rev ORDER BY m.seq DESC LIMIT 1
     ) AS last ON true ORDER BY entry.rev`,
    [chatId, Math.max(since, upTo - LOG_PAGE), upTo],
  );

type TimelineRow = { readonly headVersion: number } & (
  (ThreadRow & { readonly chatVersion: number }) | { readonly id: null }
);

/**
 * A page of messages before a `seq`, with the chat's version, in one statement and so from one snapshot. It
 * reads nothing for a stranger.
 */
export async function timelineMessages(
  database: Database,
  toMessage: (row: ThreadRow) => Message,
  actor: Actor,
  chatId: string,
  before: number,
  limit: number,
): Promise<TimelineMessages | undefined> {
  const rows = await database.query<TimelineRow>(pageOf(limit), [
    chatId,
    before,
    mayEnterAny(actor),
    actor.id,
  ]);
  const [head] = rows;
  if (head === undefined) return undefined;
  const messages = rows.flatMap((row) =>
    row.id === null ? [] : { message: toMessage(row), chatVersion: row.chatVersion },
  );
  return { version: head.headVersion, messages: withinBytes(messages).toReversed() };
}

/** One statement per limit, as for the pages of `list`. */
const pageOf = (limit: number): string =>
  `/* timeline-of-${limit} */ SELECT c.version AS "headVersion", page.* FROM message.chat c
   LEFT JOIN LATERAL (
     SELECT ${THREAD_COLUMNS}, m.${CHAT_VERSION} AS "chatVersion" FROM ${threadsOfPage('c.id', 'm.seq < $2', 'DESC', String(limit))}
   ) AS page ON true WHERE c.id = $1 AND ($3 OR c.client_id = $4) ORDER BY page.seq DESC`;
