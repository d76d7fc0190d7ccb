import { setTimeout as sleep } from 'node:timers/promises';
import { REQUEST_TIMEOUT_MS, type Bus } from '@switchboard/shared/bus';
import { observeGauge } from '@switchboard/shared/telemetry';
import {
  chatContracts,
  chatHeads,
  LOG_PAGE,
  messageContracts,
  messageHeads,
  parse,
  presenceContracts,
  type Heads,
  type ReplyOf,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { UnknownEvents } from '@switchboard/shared/log';
import type { Logger } from '@switchboard/shared/runtime';
import type { EdgeHandler } from '../events/inbound.ts';
import { joinRoom } from '../connection/internals/socket.io.ts';
import { userRoom, type ChatServer, type ChatSocket } from '../connection/sockets.ts';
import { createSeries } from './delivery.ts';
import { DURABLE_OWNERS, type DurableOwner } from './durable-owners.ts';
import type { Joining } from './joining.ts';
import type { Departure, Presence } from './presence.ts';
import { NO_CHAT_CATCH_UP, Room, type ChatCatchUp, type RoomParts } from './room.ts';
import { within } from './within.ts';

const readHeadsOf = { chat: chatContracts.readHeads, message: messageContracts.readHeads };

const RETRY_MS = 250;
/** How often the gateway reads the heads of new rooms, and every how many rounds those of all rooms. */
const CHECK_MS = 1_000;
const ROUNDS_TO_ALL = 30;

/** The user left. Any other end of a transport may be a page reload. */
const INTENDED = new Set(['client namespace disconnect', 'server namespace disconnect']);

/** The snapshot without what only the gateway needs: the positions of the logs. */
function forClient(
  { revs: _revs, chatRevThen: _then, ...snapshot }: ReplyOf<typeof messageContracts.joinChat>,
  chatCatchUp: ChatCatchUp,
) {
  return snapshot.recovered === true ? { ...snapshot, ...chatCatchUp } : snapshot;
}

const isGone = (socket: ChatSocket): boolean => !socket.connected;

/** The rooms of this gateway: one per chat, from its first joined socket to its last. */
export class Rooms {
  readonly #rooms = new Map<string, Room>();
  readonly #roomsOf = new Map<string, readonly Room[]>();
  /** Chats whose heads the next round reads. */
  #unchecked = new Set<string>();
  #roundsToAll = ROUNDS_TO_ALL;
  #reconnections = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #bus: Bus;
  readonly #presence: Presence;
  readonly #parts: RoomParts;
  readonly #stopObserving: (() => void)[];
  readonly #logger: Logger;

  constructor(io: ChatServer, bus: Bus, presence: Presence, gatewayId: string, logger: Logger) {
    this.#bus = bus;
    this.#presence = presence;
    this.#parts = { io, bus, gatewayId, unknown: new UnknownEvents(logger), logger };
    this.#logger = logger;
    io.on('connection', (socket) => {
      if (!socket.connected) return;
      joinRoom(socket, userRoom(socket.data.actor.id));
      socket.on('disconnect', (reason: unknown) => {
        this.#leaveAll(socket, INTENDED.has(String(reason)) ? 'left' : 'dropped');
      });
    });
    bus.onSignal(chatHeads, ({ heads }) => {
      this.#receiveHeads('chat', heads);
    });
    bus.onSignal(messageHeads, ({ heads }) => {
      this.#receiveHeads('message', heads);
    });
    bus.onReconnect(() => {
      this.#reconnections += 1;
      for (const owner of DURABLE_OWNERS) void this.#readAllHeads(owner);
    });
    this.#timer = setInterval(() => {
      this.#check();
    }, CHECK_MS);
    createSeries(DURABLE_OWNERS);
    this.#stopObserving = [
      observeGauge('switchboard.gateway.sockets', '{socket}', 'Connected sockets', () => [
        { labels: {}, value: io.of('/').sockets.size },
      ]),
      observeGauge(
        'switchboard.gateway.rooms',
        '{room}',
        'Chats that a socket of this gateway has joined',
        () => [{ labels: {}, value: this.#rooms.size }],
      ),
      observeGauge(
        'switchboard.gateway.entries_behind',
        '{entry}',
        'Log entries that exist and were not delivered by this gateway yet',
        () => DURABLE_OWNERS.map((owner) => ({ labels: { owner }, value: this.#behind(owner) })),
      ),
    ];
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const stopObserving of this.#stopObserving) stopObserving();
  }

  #behind(owner: DurableOwner): number {
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.behind(owner), 0);
  }

  /** Subscribe first, snapshot second, deliver last: no event is lost between snapshot and live events. */
  readonly joinChat: EdgeHandler = async (socket, payload, options) => {
    const join = parse(messageContracts.joinChat.payload, payload);
    // A further page of a catch-up: the socket is live already, from the end of the pages on. A socket that
    // comes back with a cursor joins from there.
    if (join.cursor !== undefined && this.#rooms.get(join.chatId)?.has(socket.id) === true)
      return {
        data: forClient(await this.#bus.request(messageContracts.joinChat, join, options), NO_CHAT_CATCH_UP),
      };
    if (isGone(socket)) throw new Failure('UNAVAILABLE');
    const deadline = performance.now() + (options.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const timeLeft = () => Math.max(1, deadline - performance.now());
    const room = this.#open(join.chatId);
    const wasJoined = room.has(socket.id);
    const joining = this.#admit(socket, room);
    try {
      await within(timeLeft(), room.untilSubscribed());
      const rest = { ...options, timeoutMs: timeLeft() };
      const catchUp = async () => {
        const snapshot = await this.#bus.request(messageContracts.joinChat, join, rest);
        const missed = await within(timeLeft(), room.begin(joining, snapshot.revs));
        const chatCatchUp = await within(
          timeLeft(),
          room.chatCatchUp(snapshot.chatRevThen, snapshot.revs.chat),
        ).catch(() => NO_CHAT_CATCH_UP);
        return { snapshot, missed, chatCatchUp };
      };
      const [{ snapshot, missed, chatCatchUp }] = await Promise.all([
        catchUp(),
        this.#presence.register(socket, join.chatId, rest),
      ]);
      // If the socket disconnected meanwhile, its registration may have come after its removal.
      if (isGone(socket)) this.#remove(socket, room, 'dropped');
      return {
        data: forClient(snapshot, chatCatchUp),
        afterSend: () => {
          room.goLive(joining, snapshot.revs, missed);
        },
      };
    } catch (error) {
      if (isGone(socket)) this.#remove(socket, room, 'dropped');
      else if (wasJoined && error instanceof Failure && error.retryable) room.resume(joining);
      else this.#remove(socket, room, 'left');
      throw error;
    }
  };

  /** Leaves the room also when presence-service fails. presence-service checks access to the chat. */
  readonly leaveChat: EdgeHandler = async (socket, payload, options) => {
    const { chatId } = parse(presenceContracts.leaveChat.payload, payload);
    const room = this.#rooms.get(chatId);
    if (room !== undefined) this.#removeFromRoom(socket, room);
    return { data: await this.#presence.leave(socket, chatId, options) };
  };

  #open(chatId: string): Room {
    const known = this.#rooms.get(chatId);
    if (known !== undefined) return known;
    const room = new Room(chatId, this.#parts);
    this.#rooms.set(chatId, room);
    this.#unchecked.add(chatId);
    return room;
  }

  #admit(socket: ChatSocket, room: Room): Joining {
    const rooms = this.#roomsOf.get(socket.id) ?? [];
    if (!rooms.includes(room)) this.#roomsOf.set(socket.id, [...rooms, room]);
    return room.admit(socket);
  }

  #leaveAll(socket: ChatSocket, how: Departure): void {
    for (const room of this.#roomsOf.get(socket.id) ?? []) this.#remove(socket, room, how);
  }

  #remove(socket: ChatSocket, room: Room, how: Departure): void {
    this.#removeFromRoom(socket, room);
    this.#presence.remove(socket, room.chatId, how);
  }

  #removeFromRoom(socket: ChatSocket, room: Room): void {
    room.remove(socket);
    const others = (this.#roomsOf.get(socket.id) ?? []).filter((one) => one !== room);
    if (others.length === 0) this.#roomsOf.delete(socket.id);
    else this.#roomsOf.set(socket.id, others);
    if (!room.isEmpty || this.#rooms.get(room.chatId) !== room) return;
    this.#rooms.delete(room.chatId);
    room.close();
  }

  #receiveHeads(owner: DurableOwner, heads: Heads): void {
    for (const { chatId, rev } of heads) this.#rooms.get(chatId)?.receiveHead(owner, rev);
  }

  /**
   * Finds entries that no owner announced: a snapshot may come from a projection that lags behind, and an
   * owner may die between COMMIT and publishing.
   */
  #check(): void {
    if (--this.#roundsToAll <= 0) {
      this.#roundsToAll = ROUNDS_TO_ALL;
      this.#unchecked = new Set(this.#rooms.keys());
    }
    const chatIds = [...this.#unchecked].filter((chatId) => this.#rooms.has(chatId));
    this.#unchecked.clear();
    for (let start = 0; start < chatIds.length; start += LOG_PAGE) {
      const page = chatIds.slice(start, start + LOG_PAGE);
      for (const owner of DURABLE_OWNERS) void this.#checkHeads(owner, page);
    }
  }

  async #checkHeads(owner: DurableOwner, chatIds: string[]): Promise<void> {
    if (await this.#readHeads(owner, chatIds)) return;
    for (const chatId of chatIds) this.#unchecked.add(chatId);
  }

  /** After a reconnection events and announced heads may be lost: retries until all heads are read. */
  async #readAllHeads(owner: DurableOwner): Promise<void> {
    const reconnection = this.#reconnections;
    const chatIds = [...this.#rooms.keys()];
    for (let start = 0; start < chatIds.length; start += LOG_PAGE) {
      while (!(await this.#readHeads(owner, chatIds.slice(start, start + LOG_PAGE)))) {
        await sleep(RETRY_MS);
        if (this.#rooms.size === 0 || this.#reconnections !== reconnection) return;
      }
    }
  }

  async #readHeads(owner: DurableOwner, chatIds: string[]): Promise<boolean> {
    try {
      const { heads } = await this.#bus.request(readHeadsOf[owner], { chatIds });
      this.#receiveHeads(owner, heads);
      return true;
    } catch (error) {
      this.#logger.debug({ err: error, owner }, 'rooms: reading heads failed');
      return false;
    }
  }
}
