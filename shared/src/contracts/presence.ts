import { z } from 'zod';
import { request, roomEvent } from './define.ts';
import { ADMIN, AT, CHAT_ID, CLIENT, GATEWAY_ID, LEASE_ID } from './examples.ts';
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

const REVOCATION = { userId: CLIENT.id, revokedAt: AT, until: '2026-04-15T15:09:26.535Z' };

export const presenceContracts = {
  enterChat: request('presence.v1.enter', {
    caller: 'user',
    description: 'The asking socket has joined the chat.',
    payload: z.object({ chatId: ChatId, turn: Turn }),
    reply: z.object({ leaseId: LeaseId }),
    example: { payload: { chatId: CHAT_ID, turn: 17 }, reply: { leaseId: LEASE_ID } },
    errors: ['CHAT_NOT_FOUND'],
  }),

  leaveChat: request('presence.v1.leave', {
    caller: 'user',
    description: 'The asking socket is in the chat no more: `left` by intent, or `dropped` with its transport. Without a turn it was not in it, and is only told whether it may ask. '
      + 'On the socket the gateway begins it, which takes the socket out of the room.',
    socket: { event: 'leaveChat', reply: 'leftChat', form: { payload: ChatId.transform((chatId) => ({ chatId, how: 'left' as const })), example: CHAT_ID } },
    payload: z.object({ chatId: ChatId, how: z.enum(['left', 'dropped']), turn: Turn.optional() }),
    reply: ChatId,
    example: { payload: { chatId: CHAT_ID, how: 'left', turn: 18 }, reply: CHAT_ID },
    errors: ['CHAT_NOT_FOUND'],
  }),

  setTyping: request('presence.v1.typing', {
    caller: 'user',
    description: 'Tells the others, at most every two seconds. Needs access to the chat, not a joined socket. Ends by itself after six.',
    socket: {
      event: 'typing', reply: 'typing', replyOnAckOnly: true,
      throttle: { everyMs: TYPING_EVERY_MS, endedBy: ['sendMessage', 'leaveChat'], answer: (typing) => typing },
    },
    payload: Typing,
    reply: Typing,
    example: { payload: { chatId: CHAT_ID, isTyping: true }, reply: { chatId: CHAT_ID, isTyping: true } },
    errors: ['CHAT_NOT_FOUND'],
  }),

  listActiveUsers: request('presence.v1.listActive', {
    caller: 'user',
    description: 'The users with a joined socket, on whichever gateway, in ascending order.',
    socket: { event: 'getActiveUsers', reply: 'activeUsers', form: { payload: ChatId.transform((chatId) => ({ chatId })), example: CHAT_ID } },
    payload: z.strictObject({ chatId: ChatId }),
    reply: z.object({ chatId: ChatId, userIds: z.array(UserId) }),
    example: { payload: { chatId: CHAT_ID }, reply: { chatId: CHAT_ID, userIds: [ADMIN.id, CLIENT.id] } },
    errors: ['CHAT_NOT_FOUND'],
  }),

  renewLease: request('presence.v1.renewLease', {
    caller: 'service',
    description: 'A gateway is alive.',
    payload: z.object({ gatewayId: GatewayId }),
    reply: z.object({ leaseId: LeaseId }),
    example: { payload: { gatewayId: GATEWAY_ID }, reply: { leaseId: LEASE_ID } },
    errors: ['UNAVAILABLE'],
  }),

  revoke: request('presence.v1.revoke', {
    caller: 'machine',
    description: 'From the answer on, every gateway refuses the user\'s tokens issued until now, or the one token, and within a second it closes the sockets that came with them. '
      + 'It holds until none of them can be valid any more.',
    http: { method: 'post', path: '/admin/revocations', status: 201, input: Revoke },
    payload: Revoke,
    reply: Revocation,
    example: { payload: { userId: CLIENT.id }, reply: REVOCATION },
    errors: ['VALIDATION'],
  }),

  readRevocations: request('presence.v1.readRevocations', {
    caller: 'service',
    description: 'What was revoked after a position, in order; a later revocation of the same takes the place of the one before.',
    payload: z.object({ after: Position, limit: z.int().min(1).max(REVOCATIONS_PAGE) }),
    reply: z.object({ revocations: z.array(Revocation.extend({ position: Position })), hasMore: z.boolean() }),
    example: { payload: { after: 0, limit: REVOCATIONS_PAGE }, reply: { revocations: [{ ...REVOCATION, position: 1 }], hasMore: false } },
    errors: ['UNAVAILABLE'],
  }),

  ping: pingContract('presence'),
};

export const participantUpdate = roomEvent('presence', {
  event: 'participantUpdate',
  socket: true,
  durable: false,
  description: '`joined` with a user\'s first socket in the chat, `left` with the last one.',
  payload: z.object({ chatId: ChatId, userId: UserId, action: z.enum(['joined', 'left']), timestamp: Timestamp }),
  example: { chatId: CHAT_ID, userId: ADMIN.id, action: 'joined', timestamp: AT },
  to: 'others',
  author: (update) => update.userId,
});

export const userTyping = roomEvent('presence', {
  event: 'userTyping',
  socket: true,
  durable: false,
  description: 'Somebody types, or no longer does. Ends by itself: without renewal, with the user\'s next message, or when they leave.',
  payload: z.object({ chatId: ChatId, userId: UserId, email: z.string(), isTyping: z.boolean() }),
  example: { chatId: CHAT_ID, userId: CLIENT.id, email: CLIENT.email, isTyping: true },
  to: 'others',
  author: (typing) => typing.userId,
  expiry: {
    afterMs: TYPING_MS,
    while: (typing) => typing.isTyping,
    then: (typing) => ({ ...typing, isTyping: false }),
    endedBy: ['newMessage', 'participantUpdate'],
  },
});
