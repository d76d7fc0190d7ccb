import { chatEvents } from './chats.ts';
import type { RoomEventContract } from './define.ts';
import { messageEvents } from './message-events.ts';
import { presenceEvents } from './presence.ts';

/**
 * The tables of contents of all owners, by event name. Everything else that lists events is derived from
 * them.
 */
export const events = { ...chatEvents, ...messageEvents, ...presenceEvents };

/** Every kind of event that a room can receive. */
export const roomEvents: readonly RoomEventContract[] = Object.values(events);

/** Every event of a room that sockets receive, once. */
export const socketRoomEvents: readonly RoomEventContract[] = [
  ...new Map(
    roomEvents.filter(({ socket }) => socket).map((contract) => [contract.socketEvent, contract]),
  ).values(),
];

/** The events that an owner keeps in its log. */
export type DurableEventsOf<T> = { [N in keyof T as T[N] extends { durable: true } ? N : never]: T[N] };

type KeyOf<C> = C extends { integration: { routingKey: infer K extends string } } ? K : never;
type IntegrationEventsOf<T> = {
  readonly [N in keyof T as KeyOf<T[N]>]: T[N] extends { integration: infer I } ? I : never;
};

/** Every event that leaves for other systems, by routing key. */
export const integrationEvents = Object.fromEntries(
  roomEvents.flatMap(({ integration }) =>
    integration === undefined ? [] : [[integration.routingKey, integration]],
  ),
) as unknown as IntegrationEventsOf<typeof events>;
