import { setTimeout as sleep } from 'node:timers/promises';
import { observe, REQUEST_TIMEOUT_MS, type Bus } from '@switchboard/shared/bus';
import { chatContracts, chatHeads, LOG_PAGE, messageContracts, messageHeads, parse, presenceContracts, type Heads, type ReplyOf } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import type { EdgeEvent } from '../inbound.ts';
import { userRoom, type ChatServer, type ChatSocket } from '../sockets.ts';
import { beginCounting } from './delivery.ts';
import { DURABLE_OWNERS, type DurableOwner, type Joining } from './joining.ts';
import type { Departure, Presence } from './presence.ts';
import { Room } from './room.ts';
import { within } from '../within.ts';

const readHeadsOf = { chat: chatContracts.readHeads, message: messageContracts.readHeads };

const RETRY_MS = 250;
/** How often the heads of new rooms are asked for, and after how many such rounds those of all. */
const CHECK_MS = 1_000;
const ROUNDS_TO_ALL = 30;

/** Leaving by intent is told at once; any other end of a transport may be a reload. */
const INTENDED = new Set(['client namespace disconnect', 'server namespace disconnect']);

/** What a client is told of a join: the logs' positions are the edge's own affair. */
function forClient({ revs: _revs, chatRevThen: _then, ...snapshot }: ReplyOf<typeof messageContracts.joinChat>, statusChanges: readonly unknown[]) {
  return snapshot.recovered === true ? { ...snapshot, statusChanges } : snapshot;
}

const isGone = (socket: ChatSocket): boolean => !socket.connected;

/** The chats that sockets of this gateway have joined, each followed for as long as one is there. */
export class Rooms {
  readonly #rooms = new Map<string, Room>();
  readonly #roomsOf = new Map<string, readonly Room[]>();
  /** Rooms whose heads nobody has asked for. */
  #unchecked = new Set<string>();
  #roundsToAll = ROUNDS_TO_ALL;
  #reconnections = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #io: ChatServer;
  readonly #bus: Bus;
  readonly #presence: Presence;
  readonly #gatewayId: string;
  readonly #stopObserving: (() => void)[];
  readonly #logger: Logger;

  constructor(io: ChatServer, bus: Bus, presence: Presence, gatewayId: string, logger: Logger) {
    this.#io = io;
    this.#bus = bus;
    this.#gatewayId = gatewayId;
    this.#presence = presence;
    this.#logger = logger;
    io.on('connection', (socket) => {
      if (!socket.connected) return;
      void socket.join(userRoom(socket.data.actor.id));
      socket.on('disconnect', (reason: unknown) => { this.#leaveAll(socket, INTENDED.has(String(reason)) ? 'left' : 'dropped'); });
    });
    bus.onSignal(chatHeads, ({ heads }) => { this.#hearOfHeads('chat', heads); });
    bus.onSignal(messageHeads, ({ heads }) => { this.#hearOfHeads('message', heads); });
    bus.onReconnect(() => {
      this.#reconnections += 1;
      for (const owner of DURABLE_OWNERS) void this.#askForHeads(owner);
    });
    this.#timer = setInterval(() => { this.#check(); }, CHECK_MS);
    beginCounting(DURABLE_OWNERS);
    this.#stopObserving = [
      observe('switchboard.gateway.sockets', '{socket}', 'Connected sockets', () => [{ labels: {}, value: io.of('/').sockets.size }]),
      observe('switchboard.gateway.rooms', '{room}', 'Chats followed because a socket here has joined them', () => [{ labels: {}, value: this.#rooms.size }]),
      observe('switchboard.gateway.entries_behind', '{entry}', 'Log entries known to exist that were not told here yet', () => DURABLE_OWNERS.map((owner) => ({ labels: { owner }, value: this.#behind(owner) }))),
    ];
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const stopObserving of this.#stopObserving) stopObserving();
  }

  #behind(owner: DurableOwner): number {
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.behind(owner), 0);
  }

  /** Follow first, snapshot second, flush last: nothing falls between what the answer holds and what is told after it. */
  readonly joinChat: EdgeEvent = async (socket, payload, asking) => {
    const join = parse(messageContracts.joinChat.payload, payload);
    // A further page of what a joined socket missed: it is live already, from where the pages end.
    if (join.cursor !== undefined) return { data: forClient(await this.#bus.request(messageContracts.joinChat, join, asking), []) };
    if (isGone(socket)) throw new Failure('UNAVAILABLE');
    const deadline = performance.now() + (asking.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const timeLeft = () => Math.max(1, deadline - performance.now());
    const room = this.#open(join.chatId);
    const wasJoined = room.has(socket.id);
    const joining = this.#admit(socket, room);
    try {
      await within(timeLeft(), room.untilFollowed());
      const rest = { ...asking, timeoutMs: timeLeft() };
      const catchUp = async () => {
        const snapshot = await this.#bus.request(messageContracts.joinChat, join, rest);
        const missed = await within(timeLeft(), room.begin(joining, snapshot.revs));
        const statusChanges = await within(timeLeft(), room.statusChanges(snapshot.chatRevThen, snapshot.revs.chat)).catch(() => []);
        return { snapshot, missed, statusChanges };
      };
      const [{ snapshot, missed, statusChanges }] = await Promise.all([catchUp(), this.#presence.enter(socket, join.chatId, rest)]);
      // It may have gone while we asked; then nobody was left to take it out.
      if (isGone(socket)) this.#remove(socket, room, 'dropped');
      return { data: forClient(snapshot, statusChanges), afterwards: () => { room.goLive(joining, snapshot.revs, missed); } };
    } catch (error) {
      if (isGone(socket)) this.#remove(socket, room, 'dropped');
      else if (wasJoined && error instanceof Failure && error.retryable) room.resume(joining);
      else this.#remove(socket, room, 'left');
      throw error;
    }
  };

  /** Leaves the room here whatever presence-service says; who may not know of the chat is told so by it. */
  readonly leaveChat: EdgeEvent = async (socket, payload, asking) => {
    const { chatId } = parse(presenceContracts.leaveChat.payload, payload);
    const room = this.#rooms.get(chatId);
    if (room !== undefined) this.#takeOut(socket, room);
    return { data: await this.#presence.leave(socket, chatId, asking) };
  };

  #open(chatId: string): Room {
    const known = this.#rooms.get(chatId);
    if (known !== undefined) return known;
    const room = new Room(chatId, this.#io, this.#bus, this.#gatewayId, this.#logger);
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
    this.#takeOut(socket, room);
    this.#presence.forget(socket, room.chatId, how);
  }

  #takeOut(socket: ChatSocket, room: Room): void {
    room.remove(socket);
    const others = (this.#roomsOf.get(socket.id) ?? []).filter((one) => one !== room);
    if (others.length === 0) this.#roomsOf.delete(socket.id);
    else this.#roomsOf.set(socket.id, others);
    if (!room.isEmpty || this.#rooms.get(room.chatId) !== room) return;
    this.#rooms.delete(room.chatId);
    room.close();
  }

  #hearOfHeads(owner: DurableOwner, heads: Heads): void {
    for (const { chatId, rev } of heads) this.#rooms.get(chatId)?.hearOfHead(owner, rev);
  }

  /**
   * Whatever nobody announced is found out by asking: a snapshot may have come from a copy that lagged behind its owner, and
   * an owner may have died, for long, between a COMMIT and telling of it.
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

  /** After a reconnection anything may have been missed, the announcement of heads too: asks until it is told. */
  async #askForHeads(owner: DurableOwner): Promise<void> {
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
      this.#hearOfHeads(owner, heads);
      return true;
    } catch (error) {
      this.#logger.debug({ err: error, owner }, 'heads could not be read');
      return false;
    }
  }
}
