import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';

/** The services that own contracts, by the first token of their subjects. */
export type Owner = RoomOwner | 'webhook';
/** Those who tell rooms of events. */
export type RoomOwner = 'chat' | 'message' | 'presence';

export type RequestSubject = `${Owner}.v${number}.${string}` | `internal.${Owner}.v${number}.${string}`;

/** `shown`: what documents show, where `payload` reads more than a schema can say. */
export interface SocketForm<Payload> {
  readonly payload: z.ZodType<Payload>;
  readonly shown?: z.ZodType;
  readonly example: unknown;
}

/** How socket clients reach a request: they emit `event`, the answer carries the name `reply`. */
export interface SocketBinding<Payload> {
  readonly event: string;
  readonly reply: string;
  /** Nobody waits for the reply: without an acknowledgement callback none is emitted. */
  readonly replyOnAckOnly?: boolean;
  /** What one socket asks of one chat at once may travel together: the owner does it in order. */
  readonly pipelined?: boolean;
  /** The client's form of the payload, where it differs from the services': a bare chat id, say. */
  readonly form?: SocketForm<Payload>;
  readonly throttle?: Throttle<Payload>;
}

/** An event of which only the latest counts. It is the first to be refused when there is too much of anything. */
export interface Throttle<Payload> {
  /** At most one per chat in this time is forwarded; the latest of those that came meanwhile follows, if it says something else. */
  readonly everyMs: number;
  /** Events of the same socket in the same chat after which nothing needs to follow. */
  readonly endedBy: readonly string[];
  /** What one that is held is answered, once the one before it was answered. */
  readonly answer: (payload: Payload) => unknown;
}

/** How HTTP clients reach a request. `input` reads path parameters, query and body merged into one object. */
export interface HttpBinding<Payload> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** Express path below `/api/v1`. */
  readonly path: string;
  /** 200 unless told. */
  readonly status?: number;
  readonly input: z.ZodType<Payload>;
}

export interface RequestContract<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType, C extends Caller = Caller> {
  readonly kind: 'request';
  readonly subject: RequestSubject;
  readonly caller: C;
  /** For whoever asks: what it does, and what its answer means. */
  readonly description: string;
  readonly payload: P;
  readonly reply: R;
  readonly example: RequestExample<P, R>;
  readonly errors: readonly ErrorCode[];
  readonly socket?: SocketBinding<z.output<P>>;
  readonly http?: HttpBinding<z.output<P>>;
}

/** One that its schemas take, as tests see to. */
export interface RequestExample<P extends z.ZodType, R extends z.ZodType> {
  readonly payload: z.input<P>;
  readonly reply: z.input<R>;
}

/**
 * `user`: carries an actor, whose access the owner checks. `machine`: another system of the enterprise, over HTTP, by a token of the
 * role `service`. `service`: asked by the gateway or a service for itself.
 */
export type Caller = 'user' | 'machine' | 'service';

/** A request: one reply, from one replica of the owner (queue group). */
export function request<P extends z.ZodType, R extends z.ZodType, C extends Caller>(
  subject: RequestSubject,
  contract: Omit<RequestContract<P, R, C>, 'kind' | 'subject'>,
): RequestContract<P, R, C> {
  return { kind: 'request', subject, ...contract };
}

/** What the edge answers by itself: only it has the sockets and their tokens. */
export interface EdgeRequestContract<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly kind: 'edgeRequest';
  readonly description: string;
  readonly payload: P;
  readonly reply: R;
  readonly example: RequestExample<P, R>;
  readonly errors: readonly ErrorCode[];
  readonly socket: SocketBinding<z.output<P>>;
}

export function edgeRequest<P extends z.ZodType, R extends z.ZodType>(contract: Omit<EdgeRequestContract<P, R>, 'kind'>): EdgeRequestContract<P, R> {
  return { kind: 'edgeRequest', ...contract };
}

/** What the edge tells one socket by itself. */
export interface EdgeEventContract<P extends z.ZodType = z.ZodType> {
  readonly kind: 'edgeEvent';
  readonly event: string;
  readonly description: string;
  readonly payload: P;
  readonly example: z.input<P>;
}

export function edgeEvent<P extends z.ZodType>(contract: Omit<EdgeEventContract<P>, 'kind'>): EdgeEventContract<P> {
  return { kind: 'edgeEvent', ...contract };
}

/** State that every gateway holds for a while and ends by itself, so that a lost "end" cannot leave it standing. */
export interface Expiry<Payload> {
  readonly afterMs: number;
  readonly while: (payload: Payload) => boolean;
  readonly then: (payload: Payload) => Payload;
  /** Events of the same author that end it too. */
  readonly endedBy: readonly string[];
}

/** How a durable room event leaves for other systems, over RabbitMQ, once it is settled. */
export interface IntegrationEvent<D extends z.ZodType = z.ZodType> {
  /** On the topic exchange: what it is about, and what happened to it. */
  readonly routingKey: `${RoomOwner}.${string}`;
  /** Fields are added, never changed; a breaking change is the next version beside this one. */
  readonly version: number;
  readonly description: string;
  readonly data: D;
  readonly example: z.input<D>;
}

export function integrationEvent<D extends z.ZodType>(routingKey: IntegrationEvent['routingKey'], contract: Omit<IntegrationEvent<D>, 'routingKey'>): IntegrationEvent<D> {
  return { routingKey, ...contract };
}

export interface RoomEventContract<P extends z.ZodType = z.ZodType> {
  readonly kind: 'roomEvent';
  readonly owner: RoomOwner;
  /** The name in the log and, unless `socket` is false, the Socket.IO event. */
  readonly event: string;
  /** false: only followers of the log hear of it. */
  readonly socket: boolean;
  /** true: an entry of the owner's chat log, replayed when lost. false: told once. */
  readonly durable: boolean;
  readonly description: string;
  readonly payload: P;
  readonly example: z.input<P>;
  /** `others`: everyone joined but the author. */
  readonly to: 'everyone' | 'others';
  /** The user who caused it. */
  readonly author: (payload: z.output<P>) => number | undefined;
  readonly expiry?: Expiry<z.output<P>>;
  /** Durable ones only. */
  readonly integration?: IntegrationEvent;
}

/** An event for the joined sockets of a chat, on every gateway (no queue group). */
export function roomEvent<P extends z.ZodType>(
  owner: RoomOwner,
  contract: Omit<RoomEventContract<P>, 'kind' | 'owner'>,
): RoomEventContract<P> {
  return { kind: 'roomEvent', owner, ...contract };
}

export type SignalSubject = `log.${RoomOwner}.heads`;

export interface SignalContract<P extends z.ZodType = z.ZodType> {
  readonly kind: 'signal';
  readonly subject: SignalSubject;
  readonly description: string;
  readonly payload: P;
  readonly example: z.input<P>;
}

/** Service to service, heard by whoever listens, no reply, may be lost. */
export function signal<P extends z.ZodType>(subject: SignalSubject, contract: Omit<SignalContract<P>, 'kind' | 'subject'>): SignalContract<P> {
  return { kind: 'signal', subject, ...contract };
}

export type PayloadOf<C extends { payload: z.ZodType }> = z.output<C['payload']>;
export type ReplyOf<C extends { reply: z.ZodType }> = z.output<C['reply']>;
