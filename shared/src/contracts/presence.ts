import { z } from 'zod';
import { always, eventsOf, request, transientEvent } from './define.ts';
import { ADMIN, AT, CHAT_ID, CLIENT, GATEWAY_ID, LEASE_ID } from './examples.ts';
import { TYPING_MS } from './limits.ts';
import { pingContract } from './log.ts';
import { ChatId, GatewayId, Timestamp, TokenId, UserId } from './values.ts';

/**
 * A gateway renews its lease this often; the lease lives this long after a renewal, by presence-service's
 * clock.
 */
export const LEASE_RENEWAL_MS = 4_000;
export const LEASE_MS = 12_000;
/** Grace period: a dropped socket still counts for this long, so that a page reload is silent. */
export const DROP_GRACE_MS = 3_000;
/** A socket's typing in a chat is published at most this often. */
const TYPING_EVERY_MS = 2_000;

/**
 * A gateway numbers its statements about a socket, upwards. The highest number is the truth, in whichever
 * order they arrive. On the wire the field is called `turn`.
 */
const Sequence = z.int().positive();
/** A new id means that presence-service forgot the gateway's sockets: the gateway must enter them again. */
const LeaseId = z.uuid().toLowerCase();

export const Typing = z.strictObject({ chatId: ChatId, isTyping: z.boolean() });

const DAY_MS = 24 * 3_600_000;
/** From `iat` to `exp`. The gateway refuses longer tokens, so that a revocation can be forgotten one day. */
export const MAX_TOKEN_LIFE_MS = 31 * DAY_MS;
/** Longer than any revoked token can live, with a day for clock skew. */
export const REVOKED_FOR_MS = MAX_TOKEN_LIFE_MS + DAY_MS;
export const REVOCATIONS_PAGE = 1_000;

/** Revokes all tokens that a user has now, or the one with this `jti` (RFC 7519, section 4.1.7). */
const Revoke = z
  .strictObject({ userId: UserId.optional(), jti: TokenId.optional() })
  .refine(({ userId, jti }) => (userId === undefined) !== (jti === undefined), {
    error: 'either userId or jti is needed',
  });
export const Revocation = z.object({
  userId: UserId.optional(),
  jti: TokenId.optional(),
  revokedAt: Timestamp,
  until: Timestamp,
});
export type Revocation = z.output<typeof Revocation>;
/** A revocation's place among all: 1, 2, 3 … in commit order; 0 = before the first. */
const Position = z.int().nonnegative();

const REVOCATION = { userId: CLIENT.id, revokedAt: AT, until: '2026-04-15T15:09:26.535Z' };

export const presenceContracts = {
  enterChat: request('presence.v1.enter', {
    caller: 'user',
    isIdempotent: always,
    description: 'Registers the requesting socket as joined to the chat.',
    payload: z.object({ chatId: ChatId, turn: Sequence }),
    reply: z.object({ leaseId: LeaseId }),
    example: { payload: { chatId: CHAT_ID, turn: 17 }, reply: { leaseId: LEASE_ID } },
    errors: ['CHAT_NOT_FOUND'],
  }),

  leaveChat: request('presence.v1.leave', {
    caller: 'user',
    isIdempotent: always,
    description:
      'Removes the requesting socket from the chat: `left` by intent, or `dropped` with its transport. Without `turn` the socket was not joined; then only access is checked. ' +
      'On a socket the gateway first removes the socket from the room.',
    socket: {
      event: 'leaveChat',
      reply: 'leftChat',
      form: { payload: ChatId.transform((chatId) => ({ chatId, how: 'left' as const })), example: CHAT_ID },
    },
    payload: z.object({ chatId: ChatId, how: z.enum(['left', 'dropped']), turn: Sequence.optional() }),
    reply: ChatId,
    example: { payload: { chatId: CHAT_ID, how: 'left', turn: 18 }, reply: CHAT_ID },
    errors: ['CHAT_NOT_FOUND'],
  }),

  setTyping: request('presence.v1.typing', {
    caller: 'user',
    isIdempotent: always,
    description:
      'Publishes to the others, at most every two seconds. Needs access to the chat, not a joined socket. Ends by itself after six seconds.',
    socket: {
      event: 'typing',
      reply: 'typing',
      replyOnAckOnly: true,
      throttle: {
        everyMs: TYPING_EVERY_MS,
        endedBy: ['sendMessage', 'leaveChat'],
        answer: (typing: z.output<typeof Typing>) => typing,
      },
    },
    payload: Typing,
    reply: Typing,
    example: { payload: { chatId: CHAT_ID, isTyping: true }, reply: { chatId: CHAT_ID, isTyping: true } },
    errors: ['CHAT_NOT_FOUND'],
  }),

  listActiveUsers: request('presence.v1.listActive', {
    caller: 'user',
    isIdempotent: always,
    description: 'The users with a joined socket on any gateway, in ascending order of their ids.',
    socket: {
      event: 'getActiveUsers',
      reply: 'activeUsers',
      form: { payload: ChatId.transform((chatId) => ({ chatId })), example: CHAT_ID },
    },
    payload: z.strictObject({ chatId: ChatId }),
    reply: z.object({ chatId: ChatId, userIds: z.array(UserId) }),
    example: { payload: { chatId: CHAT_ID }, reply: { chatId: CHAT_ID, userIds: [ADMIN.id, CLIENT.id] } },
    errors: ['CHAT_NOT_FOUND'],
  }),

  renewLease: request('presence.v1.renewLease', {
    caller: 'service',
    isIdempotent: always,
    description: 'Renews the lease of a gateway.',
    payload: z.object({ gatewayId: GatewayId }),
    reply: z.object({ leaseId: LeaseId }),
    example: { payload: { gatewayId: GATEWAY_ID }, reply: { leaseId: LEASE_ID } },
    errors: ['UNAVAILABLE'],
  }),

  revoke: request('presence.v1.revoke', {
    caller: 'machine',
    isIdempotent: always,
    description:
      "Revokes the user's tokens that were issued until now and, because the issuer's clock may be ahead, in the next ten seconds; or the one token. " +
      'From the reply on the gateway that replies refuses them and closes their sockets; every other gateway that reaches presence-service does so within a second. ' +
      'The revocation holds until the last of those tokens has expired.',
    http: { method: 'post', path: '/admin/revocations', status: 201, input: Revoke },
    payload: Revoke,
    reply: Revocation,
    example: { payload: { userId: CLIENT.id }, reply: REVOCATION },
    errors: ['VALIDATION'],
  }),

  readRevocations: request('presence.v1.readRevocations', {
    caller: 'service',
    isIdempotent: always,
    description:
      'The revocations after a position, in order. A later revocation of the same user or token replaces the earlier one.',
    payload: z.object({ after: Position, limit: z.int().min(1).max(REVOCATIONS_PAGE) }),
    reply: z.object({
      revocations: z.array(Revocation.extend({ position: Position })),
      hasMore: z.boolean(),
    }),
    example: {
      payload: { after: 0, limit: REVOCATIONS_PAGE },
      reply: { revocations: [{ ...REVOCATION, position: 1 }], hasMore: false },
    },
    errors: ['UNAVAILABLE'],
  }),

  ping: pingContract('presence'),
};

/** The events of presence-service. None is durable: they are published once, and they expire. */
export const presenceEvents = eventsOf('presence', {
  participantUpdate: transientEvent({
    description: "`joined` with a user's first socket in the chat, `left` with the last one.",
    payload: z.object({
      chatId: ChatId,
      userId: UserId,
      action: z.enum(['joined', 'left']),
      timestamp: Timestamp,
    }),
    example: { chatId: CHAT_ID, userId: ADMIN.id, action: 'joined', timestamp: AT },
    to: 'others',
    author: (update) => update.userId,
  }),

  userTyping: transientEvent({
    description:
      "A user types, or has stopped. Ends by itself: without renewal, with the user's next message, or when the user leaves.",
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
  }),
});
export const { participantUpdate, userTyping } = presenceEvents;
