import { ready, type Capabilities, type PayloadOf } from '@switchboard/shared/contracts';
import type { ChatServer } from './sockets.ts';

/**
 * Sends `ready` to each socket that connects. Call it before anything else that listens for connections:
 * listeners run in this order, in the tick in which the socket is connected, so no event precedes `ready`.
 */
export function sendReady(io: ChatServer, capabilities: Capabilities): void {
  io.on('connection', (socket) => {
    const { id: userId, role } = socket.data.actor;
    const payload: PayloadOf<typeof ready> = {
      ...capabilities,
      userId,
      role,
      serverTime: new Date().toISOString(),
    };
    socket.emit(ready.event, payload);
  });
}
