import type { participantUpdate, PayloadOf, SocketRef } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Presence } from './presence-store.ts';

export const participant = (
  { chatId, userId }: Presence,
  action: 'joined' | 'left',
): PayloadOf<typeof participantUpdate> => ({ chatId, userId, action, timestamp: new Date().toISOString() });

/** Throws VALIDATION for a request without a socket: only a socket can enter a chat or leave it. */
export function requireSocket(socket: SocketRef | undefined): SocketRef {
  if (socket === undefined) throw new Failure('VALIDATION');
  return socket;
}
