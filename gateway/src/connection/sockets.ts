import type { Server, Socket } from 'socket.io';
import type { UserIdentity } from '../auth/claims.ts';

// The contracts declare and check the events. Here an event is data of unknown form.
type AnyEvents = Record<string, (...args: unknown[]) => void>;

export type ChatServer = Server<AnyEvents, AnyEvents, AnyEvents, UserIdentity>;
export type ChatSocket = Socket<AnyEvents, AnyEvents, AnyEvents, UserIdentity>;

/** The Socket.IO room of all sockets of a user on this gateway. */
export const userRoom = (userId: number): string => `user ${userId.toString()}`;
/** The Socket.IO room of the sockets that have joined a chat and have caught up. */
export const chatRoom = (chatId: string): string => `chat ${chatId}`;
