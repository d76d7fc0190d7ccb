// Written for socket.io 4.8 with its in-memory adapter. Relies on:
// - `join` and `leave`, which take effect before they return: the next emit to the room already counts them.
//   A promise is returned by other adapters only.

import type { ChatServer, ChatSocket } from '../sockets.ts';

/** The socket gets what is emitted to the Socket.IO room from now on. */
export function joinRoom(socket: ChatSocket, room: string): void {
  void socket.join(room);
}

/** The socket gets nothing more that is emitted to the Socket.IO room. */
export function leaveRoom(socket: ChatSocket, room: string): void {
  void socket.leave(room);
}

/** The ids of the sockets in a Socket.IO room. */
export const socketsIn = (io: ChatServer, room: string): ReadonlySet<string> | undefined =>
  io.of('/').adapter.rooms.get(room);
