import type { Server, Socket } from 'socket.io';
import type { UserIdentity } from './auth/claims.ts';

// What crosses a socket is declared in the contracts and checked there; here every event is data of unknown form.
type AnyEvents = Record<string, (...args: unknown[]) => void>;

export type ChatServer = Server<AnyEvents, AnyEvents, AnyEvents, UserIdentity>;
export type ChatSocket = Socket<AnyEvents, AnyEvents, AnyEvents, UserIdentity>;

/** The Socket.IO room of all of a user's sockets here. */
export const userRoom = (userId: number): string => `user ${userId.toString()}`;
/** The Socket.IO room of the sockets that have joined a chat and are up to date. */
export const chatRoom = (chatId: string): string => `chat ${chatId}`;
