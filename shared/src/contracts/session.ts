import { z } from 'zod';
import { edgeEvent, edgeRequest } from './define.ts';
import { AT, LATER } from './examples.ts';
import { Timestamp } from './values.ts';

/** No token of ours is near this long; longer ones are not worth a look. */
export const MAX_TOKEN_LENGTH = 8 * 1024;
/** How long before the end of a token its socket is told. */
export const TOKEN_WARNING_MS = 60_000;

const TokenEnd = z.object({ expiresAt: Timestamp });

export const edgeContracts = {
  refreshToken: edgeRequest({
    description: 'A newer token for a live connection: of the same user, in the same role. Nothing else about the connection changes.',
    socket: { event: 'refreshToken', reply: 'tokenRefreshed' },
    payload: z.strictObject({ token: z.string() }),
    reply: TokenEnd,
    example: { payload: { token: 'eyJhbGciOiJIUzI1NiJ9.e30.-' }, reply: { expiresAt: LATER } },
    errors: ['UNAUTHORIZED', 'FORBIDDEN'],
  }),
};

export const tokenExpiring = edgeEvent({
  event: 'tokenExpiring',
  description: 'Told to the socket itself, a minute before its token ends. The connection ends then, unless it is given a newer token.',
  payload: TokenEnd,
  example: { expiresAt: AT },
});
