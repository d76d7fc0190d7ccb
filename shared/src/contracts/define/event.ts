import type { z } from 'zod';

/** The services that publish room events. */
export type RoomOwner = 'chat' | 'message' | 'presence';

/**
 * State that every gateway holds for a while and ends by itself, so that a lost end cannot leave it standing.
 */
export interface Expiry<Payload> {
  readonly afterMs: number;
  while(payload: Payload): boolean;
  then(payload: Payload): Payload;
  /** Events of the same author that end it too. */
  readonly endedBy: readonly string[];
}

/** How a durable event leaves for other systems, over RabbitMQ. */
export interface IntegrationEvent<D extends z.ZodType = z.ZodType, K extends string = string> {
  /** On the topic exchange: what it is about, and what happened to it. */
  readonly routingKey: K;
  /** Fields are added, never changed; a breaking change is the next version beside this one. */
  readonly version: number;
  readonly description: string;
  readonly data: D;
  readonly example: z.input<D>;
}

export function integrationEvent<const K extends `${RoomOwner}.${string}`, D extends z.ZodType>(
  routingKey: K,
  contract: Omit<IntegrationEvent<D>, 'routingKey'>,
): IntegrationEvent<D, K> {
  return { routingKey, ...contract };
}

/** An event for the joined sockets of a chat, published to every gateway (no queue group). */
export interface RoomEventContract<P extends z.ZodType = z.ZodType> {
  readonly kind: 'roomEvent';
  readonly owner: RoomOwner;
  /** The name in the log. */
  readonly event: string;
  /** The name of the Socket.IO event. Kinds that carry the same state share one. */
  readonly socketEvent: string;
  /** false: only followers of the log receive it. */
  readonly socket: boolean;
  /** true: an entry of the owner's chat log, replayed when lost. false: published once. */
  readonly durable: boolean;
  readonly description: string;
  readonly payload: P;
  readonly example: z.input<P>;
  /**
   * `others`: every joined socket but the author's. `otherSockets`: every joined socket but the one that
   * caused it, if the entry names it.
   */
  readonly to: 'everyone' | 'others' | 'otherSockets';
  /** The user who caused it. */
  author(payload: z.output<P>): number | undefined;
  readonly expiry?: Expiry<z.output<P>>;
  /** The list of `joinedChat` that brings what a returning socket missed. */
  readonly catchUp?: string;
  readonly integration?: IntegrationEvent;
}

/** An entry of an owner's chat log. */
export interface DurableEventContract<P extends z.ZodType = z.ZodType> extends RoomEventContract<P> {
  readonly durable: true;
  readonly integration: IntegrationEvent;
}

/** What an owner's table of contents says of an event; its name and owner come from its place there. */
type Spec<C extends RoomEventContract> = Omit<C, 'kind' | 'owner' | 'event' | 'socketEvent'> & {
  /** The key, unless kinds share a Socket.IO event. */
  readonly socketEvent?: string;
};

/** A socket that returns must be able to catch up on whatever it could have received. */
type Reach =
  | { readonly socket: true; readonly catchUp: string; readonly socketEvent?: string }
  | { readonly socket: false };

/**
 * An event of the owner's chat log: appended in the transaction of the change, replayed to whom it was lost.
 */
export const durableEvent = <P extends z.ZodType, const R extends Reach, I extends IntegrationEvent>(
  event: Omit<
    Spec<DurableEventContract<P>>,
    'durable' | 'socket' | 'socketEvent' | 'catchUp' | 'integration'
  > &
    R & { readonly integration: I },
) => ({ ...event, durable: true as const });

/** An event that is published once and may be lost. */
export const transientEvent = <P extends z.ZodType>(
  event: Omit<Spec<RoomEventContract<P>>, 'durable' | 'socket' | 'catchUp' | 'integration'>,
) => ({ ...event, durable: false as const, socket: true as const });

type Named<O extends RoomOwner, T> = {
  readonly [N in keyof T & string]: T[N] & {
    readonly kind: 'roomEvent';
    readonly owner: O;
    readonly event: N;
    readonly socketEvent: T[N] extends { readonly socketEvent: infer S extends string } ? S : N;
  };
};

/** An owner's table of contents: the key is the event's name. */
export const eventsOf = <const O extends RoomOwner, T extends Record<string, Spec<RoomEventContract>>>(
  owner: O,
  events: T,
): Named<O, T> =>
  Object.fromEntries(
    Object.entries(events).map(([event, contract]) => [
      event,
      {
        ...contract,
        kind: 'roomEvent' as const,
        owner,
        event,
        socketEvent: contract.socketEvent ?? event,
      },
    ]),
  ) as unknown as Named<O, T>;

/** An event that the gateway itself sends to one socket. */
export interface EdgeEventContract<P extends z.ZodType = z.ZodType, E extends string = string> {
  readonly kind: 'edgeEvent';
  readonly event: E;
  readonly description: string;
  readonly payload: P;
  readonly example: z.input<P>;
}

export function edgeEvent<P extends z.ZodType, const E extends string>(
  contract: Omit<EdgeEventContract<P, E>, 'kind'>,
): EdgeEventContract<P, E> {
  return { kind: 'edgeEvent', ...contract };
}
