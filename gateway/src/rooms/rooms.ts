import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '@switchboard/shared/bus';
import { chatContracts, chatHeads, LOG_PAGE, messageContracts, messageHeads, parse, presenceContracts, type Heads, type ReplyOf } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import type { EdgeEvent } from '../inbound.ts';
import { userRoom, type ChatServer, type ChatSocket } from '../sockets.ts';
import { DURABLE_OWNERS, type DurableOwner, type Joining } from './joining.ts';
import type { Departure, Presence } from './presence.ts';
import { Room } from './room.ts';

const readHeadsOf = { chat: chatContracts.readHeads, message: messageContracts.readHeads };

const RETRY_MS = 250;

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
  readonly #roomsOf = new Map<string, Set<Room>>();
  #reconnections = 0;
  readonly #io: ChatServer;
  readonly #bus: Bus;
  readonly #presence: Presence;
  readonly #logger: Logger;

  constructor(io: ChatServer, bus: Bus, presence: Presence, logger: Logger) {
    this.#io = io;
    this.#bus = bus;
    this.#presence = presence;
    this.#logger = logger;
    io.on('connection', (socket) => {
      void socket.join(userRoom(socket.data.actor.id));
      socket.on('disconnect', (reason: unknown) => { this.#leaveAll(socket, INTENDED.has(String(reason)) ? 'left' : 'dropped'); });
    });
    bus.onSignal(chatHeads, ({ heads }) => { this.#hearOfHeads('chat', heads); });
    bus.onSignal(messageHeads, ({ heads }) => { this.#hearOfHeads('message', heads); });
    bus.onReconnect(() => {
      this.#reconnections += 1;
      for (const owner of DURABLE_OWNERS) void this.#askForHeads(owner);
    });
  }

  /** Follow first, snapshot second, flush last: nothing falls between what the answer holds and what is told after it. */
  readonly joinChat: EdgeEvent = async (socket, payload, asking) => {
    const join = parse(messageContracts.joinChat.payload, payload);
    // A further page of what a joined socket missed: it is live already, from where the pages end.
    if (join.cursor !== undefined) return { data: forClient(await this.#bus.request(messageContracts.joinChat, join, asking), []) };
    if (isGone(socket)) throw new Failure('UNAVAILABLE');
    const room = this.#open(join.chatId);
    const wasJoined = room.has(socket.id);
    const joining = this.#admit(socket, room);
    try {
      await room.untilFollowed();
      const [snapshot] = await Promise.all([
        this.#bus.request(messageContracts.joinChat, join, asking),
        this.#presence.enter(socket, join.chatId, asking),
      ]);
      const missed = await room.begin(joining, snapshot.revs);
      const statusChanges = await room.statusChanges(snapshot.chatRevThen, snapshot.revs.chat);
      // It may have gone while we asked; then nobody was left to take it out.
      if (isGone(socket)) this.#remove(socket, room, 'dropped');
      return { data: forClient(snapshot, statusChanges), afterwards: () => { room.goLive(joining, snapshot.revs, missed); } };
    } catch (error) {
      if (wasJoined && error instanceof Failure && error.retryable) room.resume(joining);
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
    const room = this.#rooms.get(chatId) ?? new Room(chatId, this.#io, this.#bus, this.#logger);
    this.#rooms.set(chatId, room);
    return room;
  }

  #admit(socket: ChatSocket, room: Room): Joining {
    const rooms = this.#roomsOf.get(socket.id) ?? new Set();
    this.#roomsOf.set(socket.id, rooms.add(room));
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
    const rooms = this.#roomsOf.get(socket.id);
    rooms?.delete(room);
    if (rooms?.size === 0) this.#roomsOf.delete(socket.id);
    if (!room.isEmpty || this.#rooms.get(room.chatId) !== room) return;
    this.#rooms.delete(room.chatId);
    room.close();
  }

  #hearOfHeads(owner: DurableOwner, heads: Heads): void {
    for (const { chatId, rev } of heads) this.#rooms.get(chatId)?.hearOfHead(owner, rev);
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
      this.#logger.debug({ err: error, owner }, 'heads could not be read after a reconnection; trying again');
      return false;
    }
  }
}
