import { z } from 'zod';
import { edgeEvent, edgeRequest } from './define.ts';
import { AT, CLIENT, LATER } from './examples.ts';
import { joinChats } from './join-chats.ts';
import { MAX_TEXT_LENGTH } from './limits.ts';
import { Role, Timestamp, UserId } from './values.ts';

const TokenEnd = z.object({ expiresAt: Timestamp });

/**
 * What the gateway enforces. `textLength`: of a message, in characters. `frameBytes`: of one Socket.IO frame.
 * `fileBytes`: of a file. `eventsPerSecond`, `burst`: of one socket; absent where there is no limit.
 */
const Limits = z.object({
  textLength: z.int().positive(),
  frameBytes: z.int().positive(),
  fileBytes: z.int().positive(),
  eventsPerSecond: z.number().positive().optional(),
  burst: z.number().positive().optional(),
});
export type Limits = z.output<typeof Limits>;

/** `version`: the release of the gateway, for support. Client apps switch on `features`. */
const Capabilities = z.object({ version: z.string(), features: z.array(z.string()), limits: Limits });
export type Capabilities = z.output<typeof Capabilities>;

const CAPABILITIES = {
  version: '1.4.0',
  features: ['ready', 'limits', 'joinChats', 'readMarks', 'messageChanges', 'timeline'],
  limits: {
    textLength: MAX_TEXT_LENGTH,
    frameBytes: 1_048_576,
    fileBytes: 26_214_400,
    eventsPerSecond: 25,
    burst: 100,
  },
};

export const edgeContracts = {
  joinChats,

  refreshToken: edgeRequest({
    description:
      'Gives a live socket a newer token of the same user in the same role. Nothing else about the socket changes. ' +
      'A token that was issued earlier (`iat`) is refused as VALIDATION.',
    socket: { event: 'refreshToken', reply: 'tokenRefreshed' },
    payload: z.strictObject({ token: z.string() }),
    reply: TokenEnd,
    example: { payload: { token: 'eyJhbGciOiJIUzI1NiJ9.e30.-' }, reply: { expiresAt: LATER } },
    errors: ['UNAUTHORIZED', 'FORBIDDEN'],
  }),

  getLimits: edgeRequest({
    description:
      'What this gateway supports (`features`) and what it enforces (`limits`), as `ready` says to a socket. Limits may differ between gateways during a change.',
    http: { method: 'get', path: '/limits', input: z.strictObject({}) },
    payload: z.strictObject({}),
    reply: Capabilities,
    example: { payload: {}, reply: CAPABILITIES },
    errors: [],
  }),
};

/** The events that the gateway itself sends to one socket. */
export const edgeEvents = {
  ready: edgeEvent({
    event: 'ready',
    description:
      'The first event of every connection: what the server supports (`features`), what the gateway enforces (`limits`), and whom it takes the socket for. ' +
      'Client apps switch on `features` and never on `version`. A server without this event has none of the features.',
    payload: Capabilities.extend({ userId: UserId, role: Role, serverTime: Timestamp }),
    example: { ...CAPABILITIES, userId: CLIENT.id, role: CLIENT.role, serverTime: AT },
  }),

  tokenExpiring: edgeEvent({
    event: 'tokenExpiring',
    description:
      'Sent to a socket a minute before its token expires. Without a newer token the gateway then closes the socket.',
    payload: TokenEnd,
    example: { expiresAt: AT },
  }),
};
export const { ready, tokenExpiring } = edgeEvents;
