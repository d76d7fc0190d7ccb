import { z } from 'zod';
import {
  request,
  always,
  signal,
  type Owner,
  type PayloadOf,
  type RoomEventContract,
  type RoomOwner,
} from './define.ts';
import { ADMIN, CHAT_ID, MESSAGE_ID } from './examples.ts';
import { ChatId, Rev } from './values.ts';

/** One entry of a chat's log: a room event with its number. */
export const LogEntry = z.object({
  event: z.string(),
  rev: Rev,
  author: z.number().optional(),
  /** The socket that caused it; only in what is published, not in what is read from the log. */
  socketId: z.string().optional(),
  /** In chat-service's log: the entry of message-service's log that it follows (`Placement.afterRev`). */
  afterRev: Rev.optional(),
  payload: z.unknown(),
});
export type LogEntry = z.output<typeof LogEntry>;

/** The log entry of a durable event. */
export const logEntry = <C extends RoomEventContract>(
  contract: C,
  rev: number,
  payload: PayloadOf<C>,
): LogEntry => ({
  event: contract.event,
  rev,
  author: contract.author(payload),
  payload,
});

/** No contract's event: stands for an entry of a kind that the replica which read the log does not know. */
export const UNKNOWN_EVENT = 'unknown';

/**
 * Keeps `rev` contiguous for followers; sockets receive nothing, since only a newer replica can render the
 * entry.
 */
export const unknownEntry = (rev: number, event: string): LogEntry => ({
  event: UNKNOWN_EVENT,
  rev,
  payload: { event },
});

export const Heads = z.array(z.object({ chatId: ChatId, rev: Rev }));
export type Heads = z.output<typeof Heads>;

/** The largest page of log entries, and of chats in one request for heads. */
export const LOG_PAGE = 500;

/** What every owner of a chat log offers to its followers. */
export const logContracts = (owner: RoomOwner) => ({
  readLog: request(`${owner}.v1.readLog`, {
    caller: 'service',
    isIdempotent: always,
    description:
      'Entries with a higher `rev` than `after`, in order; with `hasMore` maybe fewer than `limit`. For followers that saw a gap.',
    payload: z.object({ chatId: ChatId, after: Rev, limit: z.int().min(1).max(LOG_PAGE) }),
    reply: z.object({ entries: z.array(LogEntry), hasMore: z.boolean() }),
    example: {
      payload: { chatId: CHAT_ID, after: 11, limit: LOG_PAGE },
      reply: {
        entries: [
          {
            event: 'messagesRead',
            rev: 12,
            author: ADMIN.id,
            payload: { chatId: CHAT_ID, userId: ADMIN.id, messageIds: [MESSAGE_ID] },
          },
        ],
        hasMore: false,
      },
    },
    errors: ['UNAVAILABLE'],
  }),
  readHeads: request(`${owner}.v1.readHeads`, {
    caller: 'service',
    isIdempotent: always,
    description:
      'The last `rev` of each of these chats; chats without entries are left out. For followers after an outage.',
    payload: z.object({ chatIds: z.array(ChatId).max(LOG_PAGE) }),
    reply: z.object({ heads: Heads }),
    example: { payload: { chatIds: [CHAT_ID] }, reply: { heads: [{ chatId: CHAT_ID, rev: 12 }] } },
    errors: ['UNAVAILABLE'],
  }),
});

export const headsSignal = (owner: RoomOwner) =>
  signal(`log.${owner}.heads`, {
    description:
      'Published every second: the heads of the chats that changed within the last seconds. Repairs the loss of a last entry.',
    payload: z.object({ heads: Heads }),
    example: { heads: [{ chatId: CHAT_ID, rev: 12 }] },
  });

export const pingContract = (owner: Owner) =>
  request(`${owner}.v1.ping`, {
    caller: 'service',
    isIdempotent: always,
    description: 'The reply means that the process can serve: its database answered as well.',
    payload: z.object({}),
    reply: z.object({ ready: z.literal(true) }),
    example: { payload: {}, reply: { ready: true } },
    errors: ['UNAVAILABLE'],
  });
