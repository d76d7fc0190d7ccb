import { newTrace, type Asking, type Bus } from '@switchboard/shared/bus';
import { LEASE_RENEWAL_MS, presenceContracts, type Actor } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import type { ChatSocket } from '../sockets.ts';

export type Departure = 'left' | 'dropped';

interface Entry {
  readonly chatId: string;
  readonly socketId: string;
  readonly actor: Actor;
  /** presence-service knows of it. */
  isEntered: boolean;
  /**
   * The request under way, which a departure waits for, so that the two are never done the wrong way round. False: the
   * socket was refused, and there is nothing to take out.
   */
  entering: Promise<boolean>;
}

interface Debt {
  readonly entry: Entry;
  readonly how: Departure;
}

const isRetryable = (error: unknown): boolean => error instanceof Failure && error.retryable;

const keyOf = (socketId: string, chatId: string): string => `${socketId} ${chatId}`;

/**
 * Keeps presence-service's list of this gateway's joined sockets true: enters and takes out each, renews the lease, and
 * enters again what the service lost. A chat goes on while presence-service is away; the list catches up on its return.
 */
export class Presence {
  readonly #bus: Bus;
  readonly #gatewayId: string;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  /** Departures that presence-service has not taken yet. */
  readonly #owed = new Map<string, Debt>();
  readonly #timer: NodeJS.Timeout;

  constructor(bus: Bus, gatewayId: string, logger: Logger) {
    this.#bus = bus;
    this.#gatewayId = gatewayId;
    this.#logger = logger;
    this.#timer = setInterval(() => { void this.#renew(); }, LEASE_RENEWAL_MS);
    void this.#renew();
  }

  /** Throws only what repeating cannot mend: CHAT_NOT_FOUND. */
  async enter(socket: ChatSocket, chatId: string, asking: Asking): Promise<void> {
    const key = keyOf(socket.id, chatId);
    const entry: Entry = { chatId, socketId: socket.id, actor: socket.data.actor, isEntered: false, entering: Promise.resolve(false) };
    this.#entries.set(key, entry);
    this.#owed.delete(key);
    await this.#enter(entry, asking);
  }

  /** Asked for by the client, who hears what comes of it. */
  async leave(socket: ChatSocket, chatId: string, asking: Asking): Promise<unknown> {
    const entry = this.#entries.get(keyOf(socket.id, chatId));
    if (entry === undefined) return this.#bus.request(presenceContracts.leaveChat, { chatId, how: 'left' }, asking);
    return this.#depart({ entry, how: 'left' }, asking);
  }

  /** The socket is gone, or was never let in. What cannot be told now is told with a later lease. */
  forget(socket: ChatSocket, chatId: string, how: Departure): void {
    const entry = this.#entries.get(keyOf(socket.id, chatId));
    if (entry !== undefined) void this.#settle({ entry, how });
  }

  /** Tells what is still owed, as far as it can be told. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#owed.values()].map((debt) => this.#settle(debt)));
  }

  async #depart(debt: Debt, asking: Asking): Promise<unknown> {
    const { entry, how } = debt;
    const key = keyOf(entry.socketId, entry.chatId);
    if (this.#entries.get(key) === entry) {
      this.#entries.delete(key);
      this.#owed.set(key, debt);
    }
    const mayBeEntered = await entry.entering;
    // The socket may have come back meanwhile.
    if (this.#owed.get(key) !== debt) return entry.chatId;
    if (mayBeEntered) await this.#bus.request(presenceContracts.leaveChat, { chatId: entry.chatId, how }, asking);
    if (this.#owed.get(key) === debt) this.#owed.delete(key);
    return entry.chatId;
  }

  async #settle(debt: Debt): Promise<void> {
    try {
      await this.#depart(debt, this.#askingFor(debt.entry));
    } catch (error) {
      if (!isRetryable(error)) this.#owed.delete(keyOf(debt.entry.socketId, debt.entry.chatId));
      this.#logger.debug({ err: error }, 'a departure could not be told');
    }
  }

  async #enter(entry: Entry, asking: Asking): Promise<void> {
    const request = this.#bus.request(presenceContracts.enterChat, { chatId: entry.chatId }, asking);
    entry.entering = request.then(() => (entry.isEntered = true), isRetryable);
    try {
      await request;
    } catch (error) {
      if (!isRetryable(error)) {
        this.#entries.delete(keyOf(entry.socketId, entry.chatId));
        throw error;
      }
      this.#logger.debug({ err: error }, 'presence-service is away; the socket is entered with a later lease');
    }
  }

  async #renew(): Promise<void> {
    try {
      const { known } = await this.#bus.request(presenceContracts.renewLease, { gatewayId: this.#gatewayId });
      if (!known) for (const entry of this.#entries.values()) entry.isEntered = false;
      const missing = [...this.#entries.values()].filter((entry) => !entry.isEntered);
      await Promise.all(missing.map((entry) => this.#enter(entry, this.#askingFor(entry))));
      await Promise.all([...this.#owed.values()].map((debt) => this.#settle(debt)));
    } catch (error) {
      this.#logger.debug({ err: error }, 'the lease could not be renewed; trying again');
    }
  }

  #askingFor({ actor, socketId }: Entry): Asking {
    return { actor, socket: this.#refOf(socketId), trace: newTrace() };
  }

  #refOf(socketId: string): { id: string; gatewayId: string } {
    return { id: socketId, gatewayId: this.#gatewayId };
  }
}
