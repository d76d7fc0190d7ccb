import { z } from 'zod';
import { request, roomEvent } from './define.ts';
import { pingContract } from './log.ts';
import { ChatId, GatewayId, Timestamp, TokenId, UserId } from './values.ts';

/** How often a gateway renews its lease, and how long the lease outlives the last renewal, by presence-service's clock. */
export const LEASE_RENEWAL_MS = 4_000;
export const LEASE_MS = 12_000;
/** How long a dropped socket still counts, so that a reload is silent. */
export const DROP_GRACE_MS = 3_000;
export const TYPING_MS = 6_000;
/** How often a socket's typing in a chat is told at most. */
const TYPING_EVERY_MS = 2_000;

/**
 * A gateway numbers what it tells of its sockets, upwards: whatever order it arrives in, however late, the highest number is
 * the truth.
 */
const Turn = z.int().positive();
/** Another one than before: what the gateway told under the old lease is gone, and it must enter its sockets again. */
const LeaseId = z.uuid();

const Typing = z.strictObject({ chatId: ChatId, isTyping: z.boolean() });

const DAY_MS = 24 * 3_600_000;
/** From `iat` to `exp`. No token is taken that is made for longer, so a revocation need not be remembered for ever. */
export const MAX_TOKEN_LIFE_MS = 31 * DAY_MS;
/** Longer than any token that was there lives on, whoever's clock is ahead. */
export const REVOKED_FOR_MS = MAX_TOKEN_LIFE_MS + DAY_MS;
export const REVOCATIONS_PAGE = 1_000;

/** Whose tokens: all that a user has now, or the one with this `jti` (RFC 7519, section 4.1.7). */
const Revoke = z.strictObject({ userId: UserId.optional(), jti: TokenId.optional() })
  .refine(({ userId, jti }) => (userId === undefined) !== (jti === undefined), { error: 'either userId or jti is needed' });
const Revocation = z.object({ userId: UserId.optional(), jti: TokenId.optional(), revokedAt: Timestamp, until: Timestamp });
export type Revocation = z.output<typeof Revocation>;
/** Of a revocation among all: 1, 2, 3 … in commit order; 0 = before the first. */
const Position = z.int().nonnegative();

export const presenceContracts = {
  /** The asking socket has joined the chat. */
  enterChat: request('presence.v1.enter', {
    caller: 'user',
    payload: z.object({ chatId: ChatId, turn: Turn }),
    reply: z.object({ leaseId: LeaseId }),
    errors: ['CHAT_NOT_FOUND'],
  }),

  /**
   * The asking socket is in the chat no more: `left` by intent, or `dropped` with its transport. Without a turn it was not
   * in it, and is only told whether it may ask.
   * On the socket this is `leaveChat`, begun by the gateway, which takes the socket out of the room.
   */
  leaveChat: request('presence.v1.leave', {
    caller: 'user',
    socket: { event: 'leaveChat', reply: 'leftChat', payload: ChatId.transform((chatId) => ({ chatId, how: 'left' as const })) },
    payload: z.object({ chatId: ChatId, how: z.enum(['left', 'dropped']), turn: Turn.optional() }),
    reply: ChatId,
    errors: ['CHAT_NOT_FOUND'],
  }),

  /** Tells the others. Needs access to the chat, not a joined socket. */
  setTyping: request('presence.v1.typing', {
    caller: 'user',
    socket: {
      event: 'typing', reply: 'typing', replyOnAckOnly: true,
      throttle: { everyMs: TYPING_EVERY_MS, endedBy: ['sendMessage', 'leaveChat'], answer: (typing) => typing },
    },
    payload: Typing,
    reply: Typing,
    errors: ['CHAT_NOT_FOUND'],
  }),

  /** The users with a joined socket, on whichever gateway, in ascending order. */
  listActiveUsers: request('presence.v1.listActive', {
    caller: 'user',
    socket: { event: 'getActiveUsers', reply: 'activeUsers', payload: ChatId.transform((chatId) => ({ chatId })) },
    payload: z.strictObject({ chatId: ChatId }),
    reply: z.object({ chatId: ChatId, userIds: z.array(UserId) }),
    errors: ['CHAT_NOT_FOUND'],
  }),

  /** A gateway is alive. */
  renewLease: request('presence.v1.renewLease', {
    caller: 'service',
    payload: z.object({ gatewayId: GatewayId }),
    reply: z.object({ leaseId: LeaseId }),
    errors: ['UNAVAILABLE'],
  }),

  /**
   * From the answer on, every gateway refuses the user's tokens issued until now, or the one token, and within a second it
   * closes the sockets that came with them. It holds until none of them can be valid any more.
   */
  revoke: request('presence.v1.revoke', {
    caller: 'machine',
    http: { method: 'post', path: '/admin/revocations', status: 201, input: Revoke },
    payload: Revoke,
    reply: Revocation,
    errors: ['VALIDATION'],
  }),

  /** What was revoked after a position, in order; a later revocation of the same takes the place of the one before. */
  readRevocations: request('presence.v1.readRevocations', {
    caller: 'service',
    payload: z.object({ after: Position, limit: z.int().min(1).max(REVOCATIONS_PAGE) }),
    reply: z.object({ revocations: z.array(Revocation.extend({ position: Position })), hasMore: z.boolean() }),
    errors: ['UNAVAILABLE'],
  }),

  ping: pingContract('presence'),
};

/** `joined` on a user's first socket, `left` on the last one. */
export const participantUpdate = roomEvent('presence', {
  event: 'participantUpdate',
  socket: true,
  durable: false,
  payload: z.object({ chatId: ChatId, userId: UserId, action: z.enum(['joined', 'left']), timestamp: Timestamp }),
  to: 'others',
  author: (update) => update.userId,
});

/** Ends by itself: without renewal, with the user's next message, or when they leave. */
export const userTyping = roomEvent('presence', {
  event: 'userTyping',
  socket: true,
  durable: false,
  payload: z.object({ chatId: ChatId, userId: UserId, email: z.string(), isTyping: z.boolean() }),
  to: 'others',
  author: (typing) => typing.userId,
  expiry: {
    afterMs: TYPING_MS,
    while: (typing) => typing.isTyping,
    then: (typing) => ({ ...typing, isTyping: false }),
    endedBy: ['newMessage', 'participantUpdate'],
  },
});
