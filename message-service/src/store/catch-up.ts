import { MessageId, mayEnterAny, messagesRead, newMessage, type Actor } from '@switchboard/shared/contracts';
import type { Database } from '@switchboard/shared/postgres';
import type { CatchUp } from '../domain/message-store.ts';
import { decodeLogPoint, encodeLogPoint } from './cursors.ts';
import type { ChatHead } from './message-rows.ts';
import type { RenderedLog } from './rendered-log.ts';

/** Further back than this many log entries, the latest page is of more use than all that was missed. */
const MAX_MISSED = 10_000;

interface Point {
  readonly rev: number;
  readonly upTo: number;
  readonly chatRevThen?: number;
}

/** A page of what came after a point of the log. Entries up to the head never change, so pages need no common snapshot. */
export async function catchUp(
  database: Database,
  log: RenderedLog,
  actor: Actor,
  chatId: string,
  from: { after?: string; cursor?: string },
  limit: number,
): Promise<CatchUp | 'lost' | undefined> {
  const [head] = await database.query<ChatHead & { afterRev: number | null; chatRevThen: number | null }>(
    `/* point-of-log */ SELECT c.status, c.version, c.rev, m.rev AS "afterRev", m.chat_version AS "chatRevThen"
     FROM message.chat c LEFT JOIN message.message m ON m.chat_id = c.id AND m.id = $2
     WHERE c.id = $1 AND ($3 OR c.client_id = $4)`,
    [chatId, MessageId.safeParse(from.after).data, mayEnterAny(actor), actor.id],
  );
  if (head === undefined) return undefined;
  const point: Point | undefined = from.cursor === undefined ? pointAfter(head) : decodeLogPoint(from.cursor);
  if (point === undefined || point.upTo > head.rev || point.upTo - point.rev > MAX_MISSED) return 'lost';

  const { entries } = await log.read(chatId, point.rev, Math.max(1, Math.min(limit, point.upTo - point.rev)));
  const page = entries.filter(({ rev }) => rev <= point.upTo);
  const end = page.at(-1)?.rev ?? point.upTo;
  return {
    status: head.status,
    messages: page.flatMap(({ event, payload }) => (event === newMessage.event ? newMessage.payload.parse(payload) : [])),
    reads: page.flatMap(({ event, payload }) => (event === messagesRead.event ? messagesRead.payload.parse(payload) : [])),
    revs: { chat: head.version, message: point.upTo },
    chatRevThen: point.chatRevThen,
    hasMore: end < point.upTo,
    cursor: end < point.upTo ? encodeLogPoint({ rev: end, upTo: point.upTo }) : undefined,
  };
}

const pointAfter = ({ afterRev, chatRevThen, rev }: { afterRev: number | null; chatRevThen: number | null; rev: number }): Point | undefined =>
  afterRev === null ? undefined : { rev: afterRev, upTo: rev, chatRevThen: chatRevThen ?? undefined };
