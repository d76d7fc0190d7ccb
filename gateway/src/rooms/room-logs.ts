import { setTimeout as sleep } from 'node:timers/promises';
import { Json, type Bus, type RoomEventFrame } from '@switchboard/shared/bus';
import { chatContracts, LOG_PAGE, messageContracts, type LogEntry } from '@switchboard/shared/contracts';
import { Follower } from '@switchboard/shared/log';
import type { Logger } from '@switchboard/shared/runtime';
import { countFilled, type Delivery } from './delivery.ts';
import type { DurableOwner } from './durable-owners.ts';

const readLogOf = { chat: chatContracts.readLog, message: messageContracts.readLog };

/** Replicas publish out of order by a moment: only what is still missing then is read from the log. */
const REORDER_MS = 20;
const RETRY_MS = 250;
/** How long a change of the chat waits for the messages that it follows. */
const MAX_HOLD_MS = 1_000;

/** A change of the chat that waits for messages. */
interface Held {
  /** Of message-service's log: the change is due behind this entry. */
  readonly afterRev: number;
  readonly timer: NodeJS.Timeout;
  readonly offer: () => void;
}

/** A log entry; `delivery` only if it was published, not read from the log. */
export type ReceivedEntry = LogEntry & { readonly delivery?: Delivery };

/**
 * Follows both logs of one chat. Invariant: `deliver` gets each entry once and in order. Entries after a gap
 * wait until the gap is read from the owner.
 */
export class RoomLogs {
  readonly #chatId: string;
  readonly #bus: Bus;
  readonly #logger: Logger;
  readonly #deliver: (owner: DurableOwner, entries: readonly ReceivedEntry[]) => void;
  readonly #followers = { chat: new Follower<ReceivedEntry>(), message: new Follower<ReceivedEntry>() };
  readonly #isFilling = { chat: false, message: false };
  /** By `rev`. Rarely any. */
  readonly #held = new Map<number, Held>();
  #isOpen = true;

  constructor(
    chatId: string,
    bus: Bus,
    logger: Logger,
    deliver: (owner: DurableOwner, entries: readonly ReceivedEntry[]) => void,
  ) {
    this.#chatId = chatId;
    this.#bus = bus;
    this.#logger = logger;
    this.#deliver = (owner, entries) => {
      deliver(owner, entries);
      this.#releaseDue();
    };
  }

  /** The last delivered `rev`; undefined before `begin`. */
  position(owner: DurableOwner): number | undefined {
    return this.#followers[owner].position;
  }

  /** How many entries exist that were not delivered. */
  behind(owner: DurableOwner): number {
    return this.#followers[owner].behind;
  }

  /** Delivers from the entry after `rev` on. */
  begin(owner: DurableOwner, rev: number): void {
    this.#deliver(owner, this.#followers[owner].begin(rev));
    this.#fillIfBehind(owner);
  }

  /** The owner has published the entry `rev`. */
  receive(owner: DurableOwner, rev: number, { meta, payload }: RoomEventFrame, delivery: Delivery): void {
    const follower = this.#followers[owner];
    if (follower.has(rev) || (owner === 'chat' && this.#held.has(rev))) {
      delivery.repeated();
      return;
    }
    const isGap = follower.position !== undefined && rev > follower.position + 1;
    if (isGap) delivery.held();
    const { event, author, socketId, afterRev } = meta;
    this.#behindMessages(rev, afterRev, () => {
      this.#deliver(
        owner,
        follower.offer({ event, rev, author, socketId, payload: new Json(payload), delivery }),
      );
      this.#fillIfBehind(owner);
    });
  }

  /** The owner's log reaches `rev`. */
  receiveHead(owner: DurableOwner, rev: number): void {
    this.#followers[owner].raiseHead(rev);
    this.#fillIfBehind(owner);
  }

  /** The entries after `after`, up to `upTo` or the end of the log. */
  async read(owner: DurableOwner, after: number, upTo: number): Promise<LogEntry[]> {
    const read: LogEntry[] = [];
    for (let position = after; position < upTo;) {
      const entries = await this.#readPage(owner, position, Math.min(upTo - position, LOG_PAGE));
      const end = entries.at(-1)?.rev;
      if (end === undefined) break;
      position = end;
      read.push(...entries);
    }
    return read;
  }

  close(): void {
    this.#isOpen = false;
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
  }

  /** Offers a change of the chat behind the messages that it follows; after MAX_HOLD_MS without them. */
  #behindMessages(rev: number, afterRev: number | undefined, offer: () => void): void {
    const position = this.#followers.message.position;
    if (afterRev === undefined || position === undefined || position >= afterRev) {
      offer();
      return;
    }
    if (this.#held.has(rev)) return;
    const timer = setTimeout(() => {
      this.#release(rev);
    }, MAX_HOLD_MS);
    this.#held.set(rev, { afterRev, timer, offer });
    this.receiveHead('message', afterRev);
  }

  #releaseDue(): void {
    const position = this.#followers.message.position ?? 0;
    for (const [rev, { afterRev }] of this.#held) if (afterRev <= position) this.#release(rev);
  }

  #release(rev: number): void {
    const held = this.#held.get(rev);
    this.#held.delete(rev);
    clearTimeout(held?.timer);
    held?.offer();
  }

  #fillIfBehind(owner: DurableOwner): void {
    if (!this.#isOpen || !this.#followers[owner].isBehind || this.#isFilling[owner]) return;
    this.#isFilling[owner] = true;
    void this.#fill(owner).finally(() => {
      this.#isFilling[owner] = false;
      // The log may have grown after the last check in `#fill`.
      this.#fillIfBehind(owner);
    });
  }

  /** Reads missing entries until none is missing, or the room is closed. */
  async #fill(owner: DurableOwner): Promise<void> {
    const follower = this.#followers[owner];
    await sleep(REORDER_MS);
    while (this.#isOpen && follower.isBehind) {
      try {
        const { position = 0 } = follower;
        const entries = await this.#readPage(owner, position, LOG_PAGE);
        for (const entry of entries)
          this.#behindMessages(entry.rev, entry.afterRev, () => {
            this.#fillWith(owner, entry);
          });
        if (follower.position === position) await sleep(RETRY_MS);
      } catch (error) {
        this.#logger.debug({ err: error, owner }, 'rooms: filling a gap failed');
        await sleep(RETRY_MS);
      }
    }
  }

  #fillWith(owner: DurableOwner, entry: LogEntry): void {
    const due = this.#followers[owner].offer(entry);
    countFilled(owner, due.filter(({ delivery }) => delivery === undefined).length);
    this.#deliver(owner, due);
  }

  async #readPage(owner: DurableOwner, after: number, limit: number): Promise<LogEntry[]> {
    const { entries } = await this.#bus.request(readLogOf[owner], { chatId: this.#chatId, after, limit });
    return entries;
  }
}
