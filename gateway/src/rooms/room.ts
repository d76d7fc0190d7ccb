import { Json, type Bus, type RoomEventFrame, type RoomSubscription } from '@switchboard/shared/bus';
import { chatContracts, chatStatusChanged, LOG_PAGE, messageContracts, roomEvents, type LogEntry, type RoomOwner, type RoomEventContract } from '@switchboard/shared/contracts';
import { Follower } from '@switchboard/shared/log';
import type { Logger } from '@switchboard/shared/runtime';
import { setTimeout as sleep } from 'node:timers/promises';
import { chatRoom, userRoom, type ChatServer, type ChatSocket } from '../sockets.ts';
import { Expiring } from './expiring.ts';
import { countFilled, Delivery } from './delivery.ts';
import { DURABLE_OWNERS, Joining, type DurableOwner, type Revs, type Told } from './joining.ts';

const contractOf: ReadonlyMap<string, RoomEventContract> = new Map(roomEvents.map((contract) => [contract.event, contract]));
const readLogOf = { chat: chatContracts.readLog, message: messageContracts.readLog };

/** An entry, and how it was heard; one that was read from the log was not. */
type Heard = LogEntry & { readonly delivery?: Delivery };

/** Two replicas may overtake each other by a moment; only what is still missing then is read from the log. */
const REORDER_MS = 20;
const RETRY_MS = 250;

/**
 * One chat on this gateway: follows its logs and tells its sockets, each entry once and in order. Sockets that are up to
 * date share a Socket.IO room; a joining one is told by itself until it is.
 */
export class Room {
  readonly chatId: string;
  readonly #io: ChatServer;
  readonly #bus: Bus;
  readonly #logger: Logger;
  readonly #subscription: RoomSubscription;
  readonly #gatewayId: string;
  readonly #followers = { chat: new Follower<Heard>(), message: new Follower<Heard>() };
  readonly #isFilling = { chat: false, message: false };
  #expiring: Expiring | undefined;
  readonly #members = new Set<string>();
  /** Nobody, for most rooms at most times. */
  #joining: readonly Joining[] = [];
  #isOpen = true;
  #isFollowed = false;

  constructor(chatId: string, io: ChatServer, bus: Bus, gatewayId: string, logger: Logger) {
    this.chatId = chatId;
    this.#io = io;
    this.#bus = bus;
    this.#gatewayId = gatewayId;
    this.#logger = logger;
    this.#subscription = bus.followRoom(chatId, (owner, frame) => { this.#hear(owner, frame); });
  }

  /** Resolves once everything published from then on is heard. Throws UNAVAILABLE or TIMEOUT when NATS is away. */
  async untilFollowed(): Promise<void> {
    if (this.#isFollowed) return;
    await this.#subscription.untilHeard();
    this.#isFollowed = true;
  }

  /** How many entries are known to exist that it has not told. */
  behind(owner: DurableOwner): number {
    return this.#followers[owner].behind;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  has(socketId: string): boolean {
    return this.#members.has(socketId);
  }

  /** The socket begins to hear the room, or begins anew; what it hears waits for its snapshot. */
  admit(socket: ChatSocket): Joining {
    void socket.leave(chatRoom(this.chatId));
    const joining = new Joining(socket, { chat: this.#followers.chat.position, message: this.#followers.message.position });
    this.#members.add(socket.id);
    this.#joining = [...this.#joining.filter((one) => one.socket !== socket), joining];
    return joining;
  }

  /**
   * The socket's snapshot is there. Resolves with what must be read from the logs beside it, to be told by `goLive`: the
   * room may have told entries that the snapshot does not hold yet, since chat-service's log reaches us and
   * message-service on different ways.
   */
  async begin(joining: Joining, snapshot: Revs): Promise<Told[]> {
    const missed: Told[] = [];
    for (const owner of DURABLE_OWNERS) {
      this.#begin(owner, snapshot[owner]);
      const since = joining.since[owner] ?? 0;
      if (since > snapshot[owner]) missed.push(...(await this.#read(owner, snapshot[owner], since)));
    }
    return missed;
  }

  /** The first snapshot is where the room begins, for itself and for whoever was admitted before. */
  #begin(owner: DurableOwner, rev: number): void {
    if (this.#followers[owner].position !== undefined) return;
    for (const joining of this.#joining) joining.since[owner] ??= rev;
    this.#tellAll(owner, this.#followers[owner].begin(rev));
    this.#fillIfBehind(owner);
  }

  /** The changes of status between two positions of chat-service's log; none when it is away: the status itself is known. */
  async statusChanges(after: number | undefined, upTo: number): Promise<unknown[]> {
    if (after === undefined || after >= upTo) return [];
    const changes = await this.#read('chat', after, upTo).catch((error: unknown) => {
      this.#logger.debug({ err: error }, 'changes of status could not be read');
      return [];
    });
    return changes.filter(({ event }) => event === chatStatusChanged.event).map(({ payload }) => payload);
  }

  /** To be called in the same turn in which the snapshot is answered. */
  goLive(joining: Joining, snapshot: Revs, missed: readonly Told[]): void {
    if (!this.#members.has(joining.socket.id)) return;
    joining.goLive(snapshot, missed);
    this.#settle();
  }

  /** There is no new snapshot: the socket goes on from where it stood. */
  resume(joining: Joining): void {
    this.goLive(joining, { chat: joining.since.chat ?? 0, message: joining.since.message ?? 0 }, []);
  }

  remove(socket: ChatSocket): void {
    this.#members.delete(socket.id);
    this.#joining = this.#joining.filter((one) => one.socket !== socket);
    void socket.leave(chatRoom(this.chatId));
  }

  /** The owner's log is known to reach `rev`. */
  hearOfHead(owner: DurableOwner, rev: number): void {
    this.#followers[owner].hearOf(rev);
    this.#fillIfBehind(owner);
  }

  close(): void {
    this.#isOpen = false;
    this.#subscription.stop();
    this.#expiring?.clear();
  }

  #hear(owner: RoomOwner, frame: RoomEventFrame): void {
    const { meta: { event, rev, author } } = frame;
    const delivery = new Delivery(this.#gatewayId, owner, frame);
    if (owner === 'presence' || rev === undefined) {
      this.#tellOnce(event, JSON.parse(frame.payload), author, delivery);
      return;
    }
    const follower = this.#followers[owner];
    if (follower.knows(rev)) {
      delivery.repeated();
      return;
    }
    const isGap = follower.position !== undefined && rev > follower.position + 1;
    if (isGap) delivery.held();
    this.#tellAll(owner, follower.offer({ event, rev, author, payload: new Json(frame.payload), delivery }));
    this.#fillIfBehind(owner);
  }

  #tellOnce(event: string, data: unknown, author: number | undefined, delivery: Delivery): void {
    const contract = contractOf.get(event);
    if (contract === undefined) {
      delivery.ignored();
      return;
    }
    const payload = contract.payload.parse(data);
    const except = exceptOf(contract, payload);
    if (author !== undefined) this.#expiring?.endBy(event, author);
    if (contract.expiry !== undefined) this.#expire(contract, payload);
    else this.#emit(event, payload, except);
    delivery.told(event, () => this.#countHearers(except));
  }

  #expire(contract: RoomEventContract, payload: unknown): void {
    this.#expiring ??= new Expiring((ending, last) => { this.#emit(ending.event, last, exceptOf(ending, last)); });
    this.#expiring.hear(contract, payload);
  }

  #tellAll(owner: DurableOwner, entries: readonly Heard[]): void {
    for (const entry of entries) {
      if (entry.author !== undefined) this.#expiring?.endBy(entry.event, entry.author);
      const told = toTold(owner, entry);
      if (told === undefined) {
        entry.delivery?.ignored();
        continue;
      }
      this.#emit(told.event, told.payload, told.except);
      for (const joining of this.#joining) joining.hear(told);
      entry.delivery?.told(entry.event, () => this.#countHearers(told.except));
    }
    if (entries.length > 0) this.#settle();
  }

  #countHearers(except: number | undefined): number {
    const joined = [...(this.#io.of('/').adapter.rooms.get(chatRoom(this.chatId)) ?? []), ...this.#joining.map(({ socket }) => socket.id)];
    const left = except === undefined ? undefined : this.#io.of('/').adapter.rooms.get(userRoom(except));
    return joined.filter((socketId) => left?.has(socketId) !== true).length;
  }

  #emit(event: string, payload: unknown, except: number | undefined): void {
    const room = this.#io.to(chatRoom(this.chatId));
    (except === undefined ? room : room.except(userRoom(except))).emit(event, payload);
  }

  /** Joining sockets that are level with the room hear with the others from now on. */
  #settle(): void {
    if (this.#joining.length === 0) return;
    const isLevel = (joining: Joining): boolean => joining.isLevelWith((owner) => this.#followers[owner].position);
    const level = this.#joining.filter(isLevel);
    this.#joining = this.#joining.filter((joining) => !level.includes(joining));
    for (const { socket } of level) {
      void socket.join(chatRoom(this.chatId));
    }
  }

  #fillIfBehind(owner: DurableOwner): void {
    if (!this.#isOpen || !this.#followers[owner].isBehind || this.#isFilling[owner]) return;
    this.#isFilling[owner] = true;
    void this.#fill(owner).finally(() => {
      this.#isFilling[owner] = false;
      // It may have fallen behind again just after the last look.
      this.#fillIfBehind(owner);
    });
  }

  /** Reads what is missing until nothing is, for as long as anybody is here to be told. */
  async #fill(owner: DurableOwner): Promise<void> {
    const follower = this.#followers[owner];
    await sleep(REORDER_MS);
    while (this.#isOpen && follower.isBehind) {
      try {
        const { entries } = await this.#bus.request(readLogOf[owner], { chatId: this.chatId, after: follower.position ?? 0, limit: LOG_PAGE });
        for (const entry of entries) this.#fillWith(owner, entry);
        if (entries.length === 0) await sleep(RETRY_MS);
      } catch (error) {
        this.#logger.debug({ err: error, owner }, 'a gap could not be filled; trying again');
        await sleep(RETRY_MS);
      }
    }
  }

  #fillWith(owner: DurableOwner, entry: LogEntry): void {
    const due = this.#followers[owner].offer(entry);
    countFilled(owner, due.filter(({ delivery }) => delivery === undefined).length);
    this.#tellAll(owner, due);
  }

  async #read(owner: DurableOwner, after: number, upTo: number): Promise<Told[]> {
    const told: Told[] = [];
    for (let position = after; position < upTo;) {
      const { entries } = await this.#bus.request(readLogOf[owner], { chatId: this.chatId, after: position, limit: Math.min(upTo - position, LOG_PAGE) });
      const end = entries.at(-1)?.rev;
      if (end === undefined) break;
      position = end;
      told.push(...entries.flatMap((entry) => toTold(owner, entry) ?? []));
    }
    return told;
  }
}

function toTold(owner: DurableOwner, { event, rev, author, payload }: LogEntry): Told | undefined {
  const contract = contractOf.get(event);
  if (contract?.socket !== true) return undefined;
  return { owner, rev, event, payload, except: contract.to === 'others' ? author : undefined };
}

const exceptOf = (contract: RoomEventContract, payload: unknown): number | undefined =>
  contract.to === 'others' ? contract.author(payload) : undefined;
