import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import type { chatContracts } from './chats.ts';
import type { events } from './events.ts';
import type { messageContracts } from './messages.ts';
import type { presenceContracts } from './presence.ts';
import type { edgeContracts, edgeEvents } from './session.ts';

// The Socket.IO API, derived from the contracts and typed for socket.io-client:
// `const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(…)`.
// https://socket.io/docs/v4/typescript/

/** The acknowledgement of an event; `event` tells which of the two it is. */
export type SocketReply<Event extends string, Data> = Given<Event, Data> | Refusal;

export interface Given<Event extends string, Data> {
  readonly event: Event;
  readonly data: Data;
  /** For support: names the trace of the request. */
  readonly traceId: string;
}

/**
 * The request failed. `retryable`: the same request may succeed later; the outcome of this one may be
 * unknown.
 */
export interface Refusal extends Given<'error', string> {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** `issues`: the fields that are wrong. `retryAfterMs`: when to try again. */
  readonly details?: Readonly<Record<string, unknown>>;
}

type ValueOf<T> = T[keyof T];
type Contract =
  | ValueOf<typeof chatContracts>
  | ValueOf<typeof messageContracts>
  | ValueOf<typeof presenceContracts>
  | ValueOf<typeof edgeContracts>;
interface Bound {
  readonly event: string;
  readonly reply: string;
}

/** The events that clients may emit. */
export type SocketRequest = Contract extends infer C
  ? C extends { readonly socket?: infer S }
    ? S extends Bound
      ? S['event']
      : never
    : never
  : never;

type ContractOf<E extends SocketRequest, C = Contract> = C extends { readonly socket?: infer S }
  ? S extends { readonly event: E }
    ? C & { readonly socket: S }
    : never
  : never;

type Input<S> = S extends z.ZodType ? z.input<S> : never;
type Output<S> = S extends z.ZodType ? z.output<S> : never;

/** What a client emits with an event. */
export type SocketPayload<E extends SocketRequest> =
  ContractOf<E> extends infer C
    ? C extends { socket: { form: { shown: infer S } } }
      ? Input<S>
      : C extends { socket: { form: { payload: infer S } } }
        ? Input<S>
        : C extends { payload: infer S }
          ? Input<S>
          : never
    : never;

/** The data of an event's acknowledgement. */
export type SocketData<E extends SocketRequest> =
  ContractOf<E> extends infer C
    ? C extends { socket: { data: infer S } }
      ? Output<S>
      : C extends { reply: infer S }
        ? Output<S>
        : never
    : never;

type ReplyName<E extends SocketRequest> =
  ContractOf<E> extends { socket: { reply: infer R extends string } } ? R : never;

type Acknowledge<E extends SocketRequest> = (reply: SocketReply<ReplyName<E>, SocketData<E>>) => void;

/**
 * What a client emits. Without a callback the reply arrives as an event; for `replyOnAckOnly` it does not.
 */
export type ClientToServerEvents = {
  [E in SocketRequest]: ContractOf<E> extends { socket: { replyOnAckOnly: true } }
    ? (payload: SocketPayload<E>, acknowledge?: Acknowledge<E>) => void
    : (payload: SocketPayload<E>, acknowledge: Acknowledge<E>) => void;
};

/** The replies to what was emitted without an acknowledgement callback, by the names of their events. */
export type ReplyEvents = {
  [E in SocketRequest as ReplyName<E>]: (data: SocketData<E>) => void;
} & { error: (sentence: string, refusal: Omit<Refusal, 'event' | 'data'>) => void };

/** What a client receives. */
export type ServerToClientEvents = {
  [
    N in keyof typeof events as (typeof events)[N] extends {
      socket: true;
      socketEvent: infer S extends string;
    }
      ? S
      : never
  ]: (payload: Output<(typeof events)[N]['payload']>) => void;
} & {
  [N in keyof typeof edgeEvents]: (payload: Output<(typeof edgeEvents)[N]['payload']>) => void;
} & Pick<ReplyEvents, 'error'>;
