import { z } from 'zod';
import { edgeEvent, edgeRequest } from './define.ts';
import { AT, LATER } from './examples.ts';
import { Timestamp } from './values.ts';

const TokenEnd = z.object({ expiresAt: Timestamp });

export const edgeContracts = {
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
};

/** The events that the gateway itself sends to one socket. */
export const edgeEvents = {
  tokenExpiring: edgeEvent({
    event: 'tokenExpiring',
    description:
      'Sent to a socket a minute before its token expires. Without a newer token the gateway then closes the socket.',
    payload: TokenEnd,
    example: { expiresAt: AT },
  }),
};
export const { tokenExpiring } = edgeEvents;
