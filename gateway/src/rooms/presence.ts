import type { RequestOptions, Bus } from '@switchboard/shared/bus';
import { LEASE_RENEWAL_MS, presenceContracts, type Actor } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import type { ChatSocket } from '../connection/sockets.ts';

export type Departure = 'left' | 'dropped';

interface Entry {
  readonly chatId: string;
  readonly socketId: string;
  readonly actor: Actor;
  /** The lease it is registered under; undefined: presence-service may not know the socket. */
  leaseId?: string;
}

/** A departure to report. */
interface Departing {
  readonly entry: Entry;
  readonly how: Departure;
}

/** A failed renewal is retried after this long. A lease survives two lost renewals. */
const TICK_MS = 500;

/** Other failures are retried with a later lease. */
const isFinal = (error: unknown): boolean => error instanceof Failure && error.code === 'CHAT_NOT_FOUND';

const keyOf = (socketId: string, chatId: string): string => `${socketId} ${chatId}`;

/**
 * Keeps presence-service's list of this gateway's joined sockets correct: registers and removes sockets,
 * renews the lease, and registers again what the service lost. Each report has a growing number, `turn`: the
 * highest counts, in any order of arrival. Chats work while presence-service is away; the list catches up on
 * its return.
 */
export class Presence {
  readonly #bus: Bus;
  readonly #gatewayId: string;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  /** Departures that presence-service has not confirmed. */
  readonly #departing = new Map<string, Departing>();
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #ticksToRenewal = 0;
  #isRenewing = false;

  constructor(bus: Bus, gatewayId: string, logger: Logger) {
    this.#bus = bus;
    this.#gatewayId = gatewayId;
    this.#logger = logger;
    this.#timer = setInterval(() => {
      this.#tick();
    }, TICK_MS);
    this.#tick();
  }

  /** Throws CHAT_NOT_FOUND. Any other failure is retried with a later lease. */
  async register(socket: ChatSocket, chatId: string, options: RequestOptions): Promise<void> {
    const key = keyOf(socket.id, chatId);
    const entry: Entry = { chatId, socketId: socket.id, actor: socket.data.actor };
    this.#entries.set(key, entry);
    this.#departing.delete(key);
    try {
      await this.#register(entry, options);
    } catch (error) {
      if (!isFinal(error)) {
        this.#logger.debug({ err: error }, 'presence: registering the socket failed');
        return;
      }
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  /** The client left the chat; the reply goes to the client. */
  async leave(socket: ChatSocket, chatId: string, options: RequestOptions): Promise<unknown> {
    const entry = this.#entries.get(keyOf(socket.id, chatId));
    if (entry === undefined)
      return this.#bus.request(presenceContracts.leaveChat, { chatId, how: 'left' }, options);
    return this.#depart({ entry, how: 'left' }, options);
  }

  /** The socket is gone, or failed to join. A report that fails is retried with a later lease. */
  remove(socket: ChatSocket, chatId: string, how: Departure): void {
    const entry = this.#entries.get(keyOf(socket.id, chatId));
    if (entry !== undefined) void this.#report({ entry, how });
  }

  /** Reports the unconfirmed departures once more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reportAll();
  }

  async #register(entry: Entry, options: RequestOptions): Promise<void> {
    const { leaseId } = await this.#bus.request(
      presenceContracts.enterChat,
      { chatId: entry.chatId, turn: ++this.#turn },
      options,
    );
    entry.leaseId = leaseId;
  }

  async #depart(departing: Departing, options: RequestOptions): Promise<unknown> {
    const {
      entry: { chatId, socketId },
      how,
    } = departing;
    const key = keyOf(socketId, chatId);
    this.#entries.delete(key);
    this.#departing.set(key, departing);
    const reply = await this.#bus.request(
      presenceContracts.leaveChat,
      { chatId, how, turn: ++this.#turn },
      options,
    );
    // The socket may have joined again meanwhile.
    if (this.#departing.get(key) === departing) this.#departing.delete(key);
    return reply;
  }

  async #report(departing: Departing): Promise<void> {
    try {
      await this.#depart(departing, this.#optionsFor(departing.entry));
    } catch (error) {
      const key = keyOf(departing.entry.socketId, departing.entry.chatId);
      if (isFinal(error) && this.#departing.get(key) === departing) this.#departing.delete(key);
      this.#logger.debug({ err: error }, 'presence: reporting a departure failed');
    }
  }

  async #reportAll(): Promise<void> {
    await Promise.all([...this.#departing.values()].map((departing) => this.#report(departing)));
  }

  #tick(): void {
    if (this.#isRenewing || --this.#ticksToRenewal > 0) return;
    this.#isRenewing = true;
    this.#renew()
      .then(() => {
        this.#ticksToRenewal = LEASE_RENEWAL_MS / TICK_MS;
      })
      .catch((error: unknown) => {
        this.#logger.debug({ err: error }, 'presence: renewing the lease failed');
      })
      .finally(() => {
        this.#isRenewing = false;
      });
  }

  async #renew(): Promise<void> {
    const { leaseId } = await this.#bus.request(presenceContracts.renewLease, { gatewayId: this.#gatewayId });
    const missing = [...this.#entries.values()].filter((entry) => entry.leaseId !== leaseId);
    const registered = await Promise.allSettled(
      missing.map((entry) => this.#register(entry, this.#optionsFor(entry))),
    );
    for (const { status } of registered)
      if (status === 'rejected') this.#logger.debug('presence: registering the socket failed');
    await this.#reportAll();
  }

  #optionsFor({ actor, socketId }: Entry): RequestOptions {
    return { actor, socket: { id: socketId, gatewayId: this.#gatewayId } };
  }
}
