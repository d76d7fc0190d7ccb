import type { Bus, RoomEventFrame, RoomSubscription } from '@switchboard/shared/bus';
import { catchUpLists, chatEvents, type CatchUpLists, type RoomOwner } from '@switchboard/shared/contracts';
import type { UnknownEvents } from '@switchboard/shared/log';
import type { Logger } from '@switchboard/shared/runtime';
import type { ChatServer, ChatSocket } from '../connection/sockets.ts';
import { Delivery } from './delivery.ts';
import { DURABLE_OWNERS, type DurableOwner, type Revs } from './durable-owners.ts';
import { FanOut } from './fan-out.ts';
import { Joining } from './joining.ts';
import { RoomLogs } from './room-logs.ts';
import { toSocketEvent, type SocketEvent } from './socket-event.ts';

/** What a returning socket missed of chat-service's log. */
export type ChatCatchUp = CatchUpLists<typeof chatEvents>;
export const NO_CHAT_CATCH_UP: ChatCatchUp = catchUpLists(chatEvents, []);

/** What all rooms of a gateway share. */
export interface RoomParts {
  readonly io: ChatServer;
  readonly bus: Bus;
  readonly gatewayId: string;
  readonly unknown: UnknownEvents;
  readonly logger: Logger;
}

/**
 * One chat on this gateway and its sockets. `RoomLogs` puts the chat's events in order; `FanOut` delivers
 * them.
 */
export class Room {
  readonly chatId: string;
  readonly #logger: Logger;
  readonly #gatewayId: string;
  readonly #subscription: RoomSubscription;
  readonly #logs: RoomLogs;
  readonly #fanOut: FanOut;
  readonly #members = new Set<string>();
  #isSubscribed = false;

  constructor(chatId: string, { io, bus, gatewayId, unknown, logger }: RoomParts) {
    this.chatId = chatId;
    this.#logger = logger;
    this.#gatewayId = gatewayId;
    this.#logs = new RoomLogs(chatId, bus, logger, (owner, entries) => {
      this.#fanOut.deliver(owner, entries);
    });
    this.#fanOut = new FanOut(chatId, io, unknown, (owner) => this.#logs.position(owner));
    this.#subscription = bus.followRoom(chatId, (owner, frame) => {
      this.#receive(owner, frame);
    });
  }

  /**
   * Resolves once the room receives all that is published from then on. Throws UNAVAILABLE or TIMEOUT while
   * NATS is away.
   */
  async untilSubscribed(): Promise<void> {
    if (this.#isSubscribed) return;
    await this.#subscription.untilSubscribed();
    this.#isSubscribed = true;
  }

  /** How many log entries exist that were not delivered here. */
  behind(owner: DurableOwner): number {
    return this.#logs.behind(owner);
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  has(socketId: string): boolean {
    return this.#members.has(socketId);
  }

  /** The socket starts to join, or joins again: its events wait for its snapshot. */
  admit(socket: ChatSocket): Joining {
    const joining = new Joining(socket, {
      chat: this.#logs.position('chat'),
      message: this.#logs.position('message'),
    });
    this.#members.add(socket.id);
    this.#fanOut.addJoining(joining);
    return joining;
  }

  /**
   * The socket's snapshot is here. Resolves with what `goLive` must deliver from the logs: the room may be
   * ahead of the snapshot, since chat-service's log reaches the gateway and message-service separately.
   */
  async begin(joining: Joining, snapshot: Revs): Promise<SocketEvent[]> {
    const missed: SocketEvent[] = [];
    for (const owner of DURABLE_OWNERS) {
      this.#begin(owner, snapshot[owner]);
      const since = joining.since[owner] ?? 0;
      if (since <= snapshot[owner]) continue;
      const entries = await this.#logs.read(owner, snapshot[owner], since);
      missed.push(...entries.flatMap((entry) => toSocketEvent(owner, entry) ?? []));
    }
    return missed;
  }

  /** The first snapshot is where the room's log begins, also for the sockets that were admitted before it. */
  #begin(owner: DurableOwner, rev: number): void {
    if (this.#logs.position(owner) !== undefined) return;
    for (const joining of this.#fanOut.joining) joining.since[owner] ??= rev;
    this.#logs.begin(owner, rev);
  }

  /**
   * The events between two `rev`s of chat-service's log. Empty while chat-service is away: the snapshot has
   * the status itself.
   */
  async chatCatchUp(after: number | undefined, upTo: number): Promise<ChatCatchUp> {
    if (after === undefined || after >= upTo) return NO_CHAT_CATCH_UP;
    const entries = await this.#logs.read('chat', after, upTo).catch((error: unknown) => {
      this.#logger.debug({ err: error }, 'rooms: reading missed events of the chat failed');
      return [];
    });
    return catchUpLists(chatEvents, entries);
  }

  /**
   * Call it in the tick in which the socket gets its snapshot. Does nothing when the socket has left, or has
   * joined again: its later snapshot counts.
   */
  goLive(joining: Joining, snapshot: Revs, missed: readonly SocketEvent[]): void {
    if (!this.#fanOut.joining.includes(joining)) return;
    joining.goLive(snapshot, missed);
    this.#fanOut.promote();
  }

  /** No new snapshot came: the socket goes on from where it was. */
  resume(joining: Joining): void {
    this.goLive(joining, { chat: joining.since.chat ?? 0, message: joining.since.message ?? 0 }, []);
  }

  remove(socket: ChatSocket): void {
    this.#members.delete(socket.id);
    this.#fanOut.remove(socket);
  }

  /** The owner's log reaches `rev`. */
  receiveHead(owner: DurableOwner, rev: number): void {
    this.#logs.receiveHead(owner, rev);
  }

  close(): void {
    this.#logs.close();
    this.#subscription.stop();
    this.#fanOut.close();
  }

  #receive(owner: RoomOwner, frame: RoomEventFrame): void {
    const { event, rev, author } = frame.meta;
    const delivery = new Delivery(this.#gatewayId, owner, frame);
    if (owner === 'presence' || rev === undefined)
      this.#fanOut.deliverUnlogged(event, JSON.parse(frame.payload), author, delivery);
    else this.#logs.receive(owner, rev, frame, delivery);
  }
}
