import {
  MessageId,
  mayEnterAny,
  catchUpLists,
  messageEvents,
  type Actor,
  type HistoryPoint,
} from '@switchboard/shared/contracts';
import type { Database } from '@switchboard/shared/postgres';
import type { CatchUp } from '../domain/message-store.ts';
import { catchUpCursor } from './cursors.ts';
import type { ChatHead } from './message-rows.ts';
import { marksOf, toReadMarks } from './read-marks.ts';
import type { RenderedLog } from './rendered-log.ts';

/** Further back than this many log entries, the latest page is of more use than all that was missed. */
const MAX_MISSED = 10_000;

interface Point {
  readonly rev: number;
  readonly upTo: number;
  readonly chatRevThen?: number;
}

/**
 * A page of what came after a point of the log. Entries up to the head never change, so pages need no common
 * snapshot.
 */
export async function catchUp(
  database: Database,
  log: RenderedLog,
  actor: Actor,
  chatId: string,
  from: { after?: HistoryPoint; cursor?: string },
  limit: number,
): Promise<CatchUp | 'lost' | undefined> {
  const [head] = await database.query<ChatHead & { afterRev: number | null; chatRevThen: number | null }>(
    `/* point-of-log */ SELECT c.status, c.version AS "chatVersion", c.rev, ${marksOf('c.id')} AS marks, m.rev AS "afterRev", m.chat_version AS "chatRevThen"
     FROM message.chat c LEFT JOIN message.message m ON m.chat_id = c.id
       AND m.seq = coalesce($5::integer, (SELECT seq FROM message.message WHERE chat_id = c.id AND id = $2))
     WHERE c.id = $1 AND ($3 OR c.client_id = $4)`,
    [
      chatId,
      MessageId.safeParse(from.after).data,
      mayEnterAny(actor),
      actor.id,
      typeof from.after === 'number' ? from.after : undefined,
    ],
  );
  if (head === undefined) return undefined;
  const point: Point | undefined =
    from.cursor === undefined ? pointAfter(head, from.after) : catchUpCursor.tryDecode(from.cursor);
  if (point === undefined || point.upTo > head.rev || point.upTo - point.rev > MAX_MISSED) return 'lost';

  const { entries } = await log.read(chatId, point.rev, Math.max(1, Math.min(limit, point.upTo - point.rev)));
  const page = entries.filter(({ rev }) => rev <= point.upTo);
  const end = page.at(-1)?.rev ?? point.upTo;
  return {
    status: head.status,
    ...catchUpLists(messageEvents, page),
    readMarks: toReadMarks(chatId, head.marks ?? []),
    revs: { chat: head.chatVersion, message: point.upTo },
    chatRevThen: point.chatRevThen,
    hasMore: end < point.upTo,
    cursor: end < point.upTo ? catchUpCursor.encode({ rev: end, upTo: point.upTo }) : undefined,
  };
}

function pointAfter(
  { afterRev, chatRevThen, rev }: { afterRev: number | null; chatRevThen: number | null; rev: number },
  after: HistoryPoint | undefined,
): Point | undefined {
  if (after === 0) return { rev: 0, upTo: rev, chatRevThen: 0 };
  return afterRev === null ? undefined : { rev: afterRev, upTo: rev, chatRevThen: chatRevThen ?? undefined };
}
