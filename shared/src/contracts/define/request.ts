import type { z } from 'zod';
import type { ErrorCode } from '../../errors.ts';
import type { RoomOwner } from './event.ts';

/** The services that own contracts, by the first token of their subjects. */
export type Owner = RoomOwner | 'webhook';

export type RequestSubject = `${Owner}.v${number}.${string}` | `internal.${Owner}.v${number}.${string}`;

/** The client's form of a payload, where it differs from the services'. */
export interface SocketForm<Payload> {
  readonly payload: z.ZodType<Payload>;
  /** For documents and types, where `payload` accepts more than a schema can say. */
  readonly shown?: z.ZodType;
  readonly example: unknown;
}

/** An event of which only the latest counts. Under load it is refused first. */
export interface Throttle<Payload> {
  /** Forwards at most one per chat in this time; the latest of the others follows if it differs. */
  readonly everyMs: number;
  /** Events of the same socket in the same chat after which nothing needs to follow. */
  readonly endedBy: readonly string[];
  /** The reply to an event that is held back, once the one before it has its reply. */
  answer(payload: Payload): unknown;
}

/**
 * An event that stands for several events of another name. Each part runs in the queue of its chat. The reply
 * has a result for each part, in their order: `{chats: [the other event's data | {chatId, error}]}`.
 */
export interface Batch<Payload> {
  /** The name of the other event. */
  readonly of: string;
  /** The payloads of the other events. An invalid one fails by itself. */
  parts(payload: Payload): readonly { readonly chatId: string }[];
  /** Of the rate limits, in events. */
  cost(payload: Payload): number;
}

/** How socket clients reach a request: they emit `event`; the acknowledgement carries the name `reply`. */
export interface SocketBinding<Payload> {
  readonly event: string;
  readonly reply: string;
  /** Without an acknowledgement callback the client receives no reply. */
  readonly replyOnAckOnly?: boolean;
  /** Requests of one socket about one chat may travel together; the owner keeps their order. */
  readonly pipelined?: boolean;
  readonly form?: SocketForm<Payload>;
  /** What the client receives, where the gateway completes the owner's reply. */
  readonly data?: z.ZodType;
  readonly throttle?: Throttle<Payload>;
  readonly batch?: Batch<Payload>;
}

/** How HTTP clients reach a request. `input` reads path parameters, query, headers and body
 * merged into one object. */
export interface HttpBinding<Payload> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** Express path below `/api/v1`. */
  readonly path: string;
  /** 200 by default, and for a reply with `deduplicated`. */
  readonly status?: number;
  /** Fields of the input that come in a header, by its name in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly input: z.ZodType<Payload>;
  /** Of the input, where it differs from the payload's. */
  readonly example?: unknown;
}

/**
 * `user`: carries an actor, whose access the owner checks. `machine`: another system of the enterprise, over
 * HTTP, with a token of the role `service`. `service`: the gateway or a service on its own behalf.
 */
export type Caller = 'user' | 'machine' | 'service';

/** Its schemas accept it; a test checks that. */
export interface RequestExample<P extends z.ZodType, R extends z.ZodType> {
  readonly payload: z.input<P>;
  readonly reply: z.input<R>;
}

export interface RequestContract<
  P extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
  C extends Caller = Caller,
  S extends SocketBinding<z.output<P>> | undefined = SocketBinding<z.output<P>> | undefined,
> {
  readonly kind: 'request';
  readonly subject: RequestSubject;
  readonly caller: C;
  /** What the request does and what its reply means. */
  readonly description: string;
  readonly payload: P;
  readonly reply: R;
  readonly example: RequestExample<P, R>;
  readonly errors: readonly ErrorCode[];
  /**
   * Whether a second execution changes nothing and its reply serves as well. The caller then sends the
   * request to another replica when the first one is silent.
   */
  isIdempotent(payload: z.output<P>): boolean;
  readonly socket?: S;
  readonly http?: HttpBinding<z.output<P>>;
}

export const always = (): boolean => true;
export const never = (): boolean => false;

/** A request: one reply, from one replica of the owner. */
export function request<
  P extends z.ZodType,
  R extends z.ZodType,
  C extends Caller,
  const S extends SocketBinding<z.output<P>> | undefined = undefined,
>(
  subject: RequestSubject,
  contract: Omit<RequestContract<P, R, C, S>, 'kind' | 'subject'>,
): RequestContract<P, R, C, S> {
  return { kind: 'request', subject, ...contract };
}

/**
 * A user's request that the gateway itself handles: only the gateway has the sockets, their tokens and its
 * limits.
 */
export interface EdgeRequestContract<
  P extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
  S extends SocketBinding<z.output<P>> | undefined = SocketBinding<z.output<P>> | undefined,
> {
  readonly kind: 'edgeRequest';
  readonly description: string;
  readonly payload: P;
  readonly reply: R;
  readonly example: RequestExample<P, R>;
  readonly errors: readonly ErrorCode[];
  readonly socket?: S;
  readonly http?: HttpBinding<z.output<P>>;
}

export function edgeRequest<
  P extends z.ZodType,
  R extends z.ZodType,
  const S extends SocketBinding<z.output<P>> | undefined = undefined,
>(contract: Omit<EdgeRequestContract<P, R, S>, 'kind'>): EdgeRequestContract<P, R, S> {
  return { kind: 'edgeRequest', ...contract };
}

export type PayloadOf<C extends { payload: z.ZodType }> = z.output<C['payload']>;
export type ReplyOf<C extends { reply: z.ZodType }> = z.output<C['reply']>;
