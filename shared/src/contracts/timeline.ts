import { z } from 'zod';
import { Assigned, StatusChanged } from './chats.ts';
import { always } from './define.ts';
import { ADMIN, AT, CHAT_ID } from './examples.ts';
import { ChatId, Cursor, PageLimit, PageLimitQuery } from './values.ts';

// What the timeline of message-service takes from chat-service; `messages.ts` adds the messages.

const ReadTimeline = z.strictObject({
  chatId: ChatId,
  limit: PageLimit.optional(),
  cursor: Cursor.optional(),
});

/** A change of the chat as an item of the timeline. */
export const StatusItem = StatusChanged.extend({ kind: z.literal('statusChanged') });
export const AssignmentItem = Assigned.extend({ kind: z.literal('assigned') });

/** The contract without its reply. */
export const timelineRequest = {
  caller: 'user',
  isIdempotent: always,
  description:
    'Messages and the changes of status and admin between them: pages from the newest item back, oldest first within a page. ' +
    'A change stands behind the message `afterSeq`; one without it is newer than all messages, until message-service has applied it. ' +
    'A later version may have further kinds: skip those that you do not know.',
  http: {
    method: 'get',
    path: '/chats/:chatId/timeline',
    input: ReadTimeline.extend({ limit: PageLimitQuery.optional() }),
  },
  payload: ReadTimeline,
  errors: ['CHAT_NOT_FOUND', 'VALIDATION', 'UNAVAILABLE'],
} as const;

export const ASSIGNMENT_ITEM = {
  kind: 'assigned',
  chatId: CHAT_ID,
  adminId: ADMIN.id,
  at: AT,
  by: ADMIN.id,
  afterSeq: 12,
} as const;
