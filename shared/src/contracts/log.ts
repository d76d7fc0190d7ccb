import { z } from 'zod';
import { request, signal, type Owner, type PayloadOf, type RoomEventContract } from './define.ts';
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
export const logContracts = (owner: Owner) => ({
  /** Entries with a higher `rev` than `after`, in order; fewer than asked for when `hasMore`. For followers that saw a gap. */
  readLog: request(`${owner}.v1.readLog`, {
    caller: 'service',
    payload: z.object({ chatId: ChatId, after: Rev, limit: z.int().min(1).max(LOG_PAGE) }),
    reply: z.object({ entries: z.array(LogEntry), hasMore: z.boolean() }),
    errors: ['UNAVAILABLE'],
  }),
  /** The last `rev` of each of these chats; chats without entries are left out. For followers after an outage. */
  readHeads: request(`${owner}.v1.readHeads`, {
    caller: 'service',
    payload: z.object({ chatIds: z.array(ChatId).max(LOG_PAGE) }),
    reply: z.object({ heads: Heads }),
    errors: ['UNAVAILABLE'],
  }),
});

/** Every second: the heads of the chats that changed within the last seconds. Heals a lost last entry. */
export const headsSignal = (owner: Owner) => signal(`log.${owner}.heads`, { payload: z.object({ heads: Heads }) });

/** Answered only by a process that can serve: its database answered too. */
export const pingContract = (owner: Owner) =>
  request(`${owner}.v1.ping`, { caller: 'service', payload: z.object({}), reply: z.object({ ready: z.literal(true) }), errors: ['UNAVAILABLE'] });
