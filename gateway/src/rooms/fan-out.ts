import { Json, jsonOf } from '@switchboard/shared/bus';
import type { RoomEventContract } from '@switchboard/shared/contracts';
import type { UnknownEvents } from '@switchboard/shared/log';
import { forReceiver, hasFileUrl } from '../auth/file-urls.ts';
import { joinRoom, leaveRoom, socketsIn } from '../connection/internals/socket.io.ts';
import { chatRoom, userRoom, type ChatServer, type ChatSocket } from '../connection/sockets.ts';
import type { Delivery } from './delivery.ts';
import type { DurableOwner } from './durable-owners.ts';
import { Expiring } from './expiring.ts';
import type { Joining } from './joining.ts';
import type { ReceivedEntry } from './room-logs.ts';
import {
  contractOf,
  exceptOf,
  isExcepted,
  toSocketEvent,
  type Except,
  type SocketEvent,
} from './socket-event.ts';

type Position = (owner: DurableOwner) => number | undefined;

/**
 * Delivers the events of one chat to its sockets here. Sockets that are up to date share a Socket.IO room. A
 * joining socket gets its events by itself until it has caught up with the room.
 */
export class FanOut {
  readonly #chatId: string;
  readonly #io: ChatServer;
  readonly #unknown: UnknownEvents;
  readonly #position: Position;
  #expiring: Expiring | undefined;
  /** Empty for most rooms at most times. */
  #joining: readonly Joining[] = [];

  /** `position`: the last delivered `rev` of each log. */
  constructor(chatId: string, io: ChatServer, unknown: UnknownEvents, position: Position) {
    this.#chatId = chatId;
    this.#io = io;
    this.#unknown = unknown;
    this.#position = position;
  }

  get joining(): readonly Joining[] {
    return this.#joining;
  }

  /** The socket leaves the Socket.IO room, if it was in it, until `promote`. */
  addJoining(joining: Joining): void {
    const { socket } = joining;
    leaveRoom(socket, chatRoom(this.#chatId));
    this.#joining = [...this.#joining.filter((one) => one.socket !== socket), joining];
  }

  remove(socket: ChatSocket): void {
    this.#joining = this.#joining.filter((one) => one.socket !== socket);
    leaveRoom(socket, chatRoom(this.#chatId));
  }

  close(): void {
    this.#expiring?.clear();
  }

  /** Delivers log entries, which are in order. */
  deliver(owner: DurableOwner, entries: readonly ReceivedEntry[]): void {
    for (const entry of entries) {
      if (entry.author !== undefined) this.#expiring?.endBy(entry.event, entry.author);
      const socketEvent = toSocketEvent(owner, entry);
      if (socketEvent === undefined) {
        if (!contractOf.has(entry.event)) this.#unknown.skip(entry.event);
        entry.delivery?.ignored();
        continue;
      }
      this.#emitEntry(socketEvent);
      for (const joining of this.#joining) joining.receive(socketEvent);
      entry.delivery?.delivered(entry.event, () => this.#countSockets(socketEvent.except));
    }
    if (entries.length > 0) this.promote();
  }

  /** Delivers an event that is in no log: presence and typing. */
  deliverUnlogged(event: string, data: unknown, author: number | undefined, delivery: Delivery): void {
    const contract = contractOf.get(event);
    if (contract === undefined) {
      this.#unknown.skip(event);
      delivery.ignored();
      return;
    }
    const payload = contract.payload.parse(data);
    const except = exceptAuthorOf(contract, payload);
    if (author !== undefined) this.#expiring?.endBy(event, author);
    if (contract.expiry !== undefined) this.#receiveExpiring(contract, payload);
    else this.#emit(contract.socketEvent, payload, except);
    delivery.delivered(event, () => this.#countSockets(except));
  }

  /** Joining sockets that have caught up with the room share its Socket.IO room from now on. */
  promote(): void {
    if (this.#joining.length === 0) return;
    const ready = this.#joining.filter((joining) => joining.hasCaughtUp(this.#position));
    this.#joining = this.#joining.filter((joining) => !ready.includes(joining));
    for (const { socket } of ready) joinRoom(socket, chatRoom(this.#chatId));
  }

  #receiveExpiring(contract: RoomEventContract, payload: unknown): void {
    this.#expiring ??= new Expiring((ending, last) => {
      this.#emit(ending.socketEvent, last, exceptAuthorOf(ending, last));
    });
    this.#expiring.receive(contract, payload);
  }

  /** One encoding serves all sockets of the room, except where each user gets a `fileUrl` of their own. */
  #emitEntry({ event, payload, except }: SocketEvent): void {
    const json = jsonOf(payload);
    if (!hasFileUrl(json)) {
      this.#emit(event, payload, except);
      return;
    }
    const all = this.#io.of('/').sockets;
    for (const id of [...(socketsIn(this.#io, chatRoom(this.#chatId)) ?? [])]) {
      const socket = all.get(id);
      if (socket !== undefined && (except === undefined || !isExcepted(except, socket)))
        socket.emit(event, forReceiver(new Json(json), socket.data));
    }
  }

  #emit(event: string, payload: unknown, except: Except | undefined): void {
    const room = this.#io.to(chatRoom(this.#chatId));
    (except === undefined ? room : room.except(roomOf(except))).emit(event, payload);
  }

  #countSockets(except: Except | undefined): number {
    const all = [
      ...(socketsIn(this.#io, chatRoom(this.#chatId)) ?? []),
      ...this.#joining.map(({ socket }) => socket.id),
    ];
    const excepted = except === undefined ? undefined : socketsIn(this.#io, roomOf(except));
    return all.filter((socketId) => excepted?.has(socketId) !== true).length;
  }
}

const exceptAuthorOf = (contract: RoomEventContract, payload: unknown): Except | undefined =>
  exceptOf(contract, contract.author(payload), undefined);

/** In Socket.IO each socket is also alone in a room named like it. */
const roomOf = (except: Except): string => ('userId' in except ? userRoom(except.userId) : except.socketId);
