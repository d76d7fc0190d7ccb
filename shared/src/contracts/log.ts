import { z } from 'zod';
import { request, signal, type Owner, type PayloadOf, type RoomEventContract, type RoomOwner } from './define.ts';
import { ADMIN, CHAT_ID, MESSAGE_ID } from './examples.ts';
import { ChatId, Rev } from './values.ts';

/** One entry of a chat's log: the room event it was, with its number. */
export const LogEntry = z.object({
  event: z.string(),
  rev: Rev,
  author: z.number().optional(),
  payload: z.unknown(),
});
export type LogEntry = z.output<typeof LogEntry>;

/** The entry that a durable room event makes. */
export const logEntry = <C extends RoomEventContract>(contract: C, rev: number, payload: PayloadOf<C>): LogEntry => ({
  event: contract.event,
  rev,
  author: contract.author(payload),
  payload,
});

export const Heads = z.array(z.object({ chatId: ChatId, rev: Rev }));
export type Heads = z.output<typeof Heads>;

/** The largest page of log entries, and the most chats whose heads are told at once. */
export const LOG_PAGE = 500;

/** What every owner of a chat log offers to those who follow it. */
export const logContracts = (owner: RoomOwner) => ({
  readLog: request(`${owner}.v1.readLog`, {
    caller: 'service',
    description: 'Entries with a higher `rev` than `after`, in order; maybe fewer than asked for when `hasMore`. For followers that saw a gap.',
    payload: z.object({ chatId: ChatId, after: Rev, limit: z.int().min(1).max(LOG_PAGE) }),
    reply: z.object({ entries: z.array(LogEntry), hasMore: z.boolean() }),
    example: {
      payload: { chatId: CHAT_ID, after: 11, limit: LOG_PAGE },
      reply: { entries: [{ event: 'messagesRead', rev: 12, author: ADMIN.id, payload: { chatId: CHAT_ID, userId: ADMIN.id, messageIds: [MESSAGE_ID] } }], hasMore: false },
    },
    errors: ['UNAVAILABLE'],
  }),
  readHeads: request(`${owner}.v1.readHeads`, {
    caller: 'service',
    description: 'The last `rev` of each of these chats; chats without entries are left out. For followers after an outage.',
    payload: z.object({ chatIds: z.array(ChatId).max(LOG_PAGE) }),
    reply: z.object({ heads: Heads }),
    example: { payload: { chatIds: [CHAT_ID] }, reply: { heads: [{ chatId: CHAT_ID, rev: 12 }] } },
    errors: ['UNAVAILABLE'],
  }),
});

export const headsSignal = (owner: RoomOwner) => signal(`log.${owner}.heads`, {
  description: 'Every second: the heads of the chats that changed within the last seconds. Heals a lost last entry.',
  payload: z.object({ heads: Heads }),
  example: { heads: [{ chatId: CHAT_ID, rev: 12 }] },
});

export const pingContract = (owner: Owner) => request(`${owner}.v1.ping`, {
  caller: 'service',
  description: 'Answered only by a process that can serve: its database answered too.',
  payload: z.object({}),
  reply: z.object({ ready: z.literal(true) }),
  example: { payload: {}, reply: { ready: true } },
  errors: ['UNAVAILABLE'],
});
