import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import type { chatStatusChanged } from './chats.ts';
import type { PayloadOf, ReplyOf } from './define.ts';
import type { messageContracts, messagesRead, newMessage } from './messages.ts';
import type { participantUpdate, presenceContracts, userTyping } from './presence.ts';
import type { edgeContracts, tokenExpiring } from './session.ts';

// The Socket.IO API, typed for socket.io-client: `const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(…)`.
// https://socket.io/docs/v4/typescript/

/** What an event is answered with; what it is depends on `event`. */
export type Answer<Event extends string, Data> = Given<Event, Data> | Refusal;

export interface Given<Event extends string, Data> {
  readonly event: Event;
  readonly data: Data;
  /** What support asks for. */
  readonly traceId: string;
}

/** Nothing was done, or it is not known whether it was: `retryable` says whether the same may succeed later. */
export interface Refusal extends Given<'error', string> {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** `issues`: the fields that are wrong. `retryAfterMs`: when to come back. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export type JoinedChat = Omit<ReplyOf<typeof messageContracts.joinChat>, 'revs' | 'chatRevThen'> & {
  readonly statusChanges?: readonly PayloadOf<typeof chatStatusChanged>[];
};

type Asked<Payload, Event extends string, Data> = (payload: Payload, acknowledge: (answer: Answer<Event, Data>) => void) => void;
type PayloadFor<C extends { payload: z.ZodType }> = z.input<C['payload']>;

/** What a client emits. */
export interface ClientToServerEvents {
  joinChat: Asked<string | PayloadFor<typeof messageContracts.joinChat>, 'joinedChat', JoinedChat>;
  leaveChat: Asked<string, 'leftChat', string>;
  sendMessage: Asked<PayloadFor<typeof messageContracts.sendMessage>, 'messageSent', ReplyOf<typeof messageContracts.sendMessage>>;
  readMessages: Asked<PayloadFor<typeof messageContracts.readMessages>, 'messagesMarkedRead', ReplyOf<typeof messageContracts.readMessages>>;
  getActiveUsers: Asked<string, 'activeUsers', ReplyOf<typeof presenceContracts.listActiveUsers>>;
  refreshToken: Asked<PayloadFor<typeof edgeContracts.refreshToken>, 'tokenRefreshed', ReplyOf<typeof edgeContracts.refreshToken>>;
  /** Nobody need wait for its answer. */
  typing: (payload: PayloadFor<typeof presenceContracts.setTyping>, acknowledge?: (answer: Answer<'typing', ReplyOf<typeof presenceContracts.setTyping>>) => void) => void;
}

/** What a client hears. */
export interface ServerToClientEvents {
  newMessage: (message: PayloadOf<typeof newMessage>) => void;
  messagesRead: (read: PayloadOf<typeof messagesRead>) => void;
  chatStatusChanged: (changed: PayloadOf<typeof chatStatusChanged>) => void;
  participantUpdate: (update: PayloadOf<typeof participantUpdate>) => void;
  userTyping: (typing: PayloadOf<typeof userTyping>) => void;
  tokenExpiring: (token: PayloadOf<typeof tokenExpiring>) => void;
  /** Answers to what was emitted without an acknowledgement callback. */
  error: (sentence: string, refusal: Omit<Refusal, 'event' | 'data'>) => void;
}
