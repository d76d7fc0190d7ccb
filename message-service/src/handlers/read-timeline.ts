import type { Bus, Handler } from '@switchboard/shared/bus';
import { chatContracts, type messageContracts } from '@switchboard/shared/contracts';
import { DEFAULT_PAGE_LIMIT } from '@switchboard/shared/handlers';
import type { ChatProjection, MessageStore } from '../domain/message-store.ts';
import { entriesWanted, timelineOf } from '../domain/timeline.ts';
import { timelineCursor } from './timeline-cursor.ts';
import { withAccess } from './with-access.ts';

/** Merges a page of messages with chat-service's log. Throws UNAVAILABLE while chat-service is away. */
export const readTimelineHandler =
  (store: MessageStore, chats: ChatProjection, bus: Bus): Handler<typeof messageContracts.readTimeline> =>
  async ({ chatId, limit = DEFAULT_PAGE_LIMIT, cursor }, context) => {
    const { actor, trace } = context;
    const before = cursor === undefined ? undefined : timelineCursor.decode(cursor);
    const page = await withAccess(chats, chatId, context, () =>
      store.timelineMessages(actor, chatId, before?.seq, limit),
    );
    const { after, count } = entriesWanted(page, before, limit);
    const { entries } =
      count === 0
        ? { entries: [] }
        : await bus.request(chatContracts.readLogNow, { chatId, after, limit: count }, { trace });
    const { items, next } = timelineOf(page, entries, before, limit);
    return { items, nextCursor: next && timelineCursor.encode(next) };
  };
