import type { Asking, Bus } from '@switchboard/shared/bus';
import { LEASE_RENEWAL_MS, presenceContracts, type Actor } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import type { ChatSocket } from '../sockets.ts';

export type Departure = 'left' | 'dropped';

interface Entry {
  readonly chatId: string;
  readonly socketId: string;
  readonly actor: Actor;
  /** Under which presence-service holds it; undefined: it may not know of it. */
  leaseId?: string;
}

interface Debt {
  readonly entry: Entry;
  readonly how: Departure;
}

/** A renewal that failed is tried again after this long: a lease outlives two lost ones, not an outage of ours. */
const TICK_MS = 500;

/** Whatever else goes wrong may go right with a later lease. */
const isFinal = (error: unknown): boolean => error instanceof Failure && error.code === 'CHAT_NOT_FOUND';

const keyOf = (socketId: string, chatId: string): string => `${socketId} ${chatId}`;

/**
 * Keeps presence-service's list of this gateway's joined sockets true: enters and takes out each, renews the lease, and
 * enters again what the service lost. All that it tells bears a turn, so that what was told last is what holds, in
 * whichever order it arrives. A chat goes on while presence-service is away; the list catches up on its return.
 */
export class Presence {
  readonly #bus: Bus;
  readonly #gatewayId: string;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  /** Departures that presence-service has not taken yet. */
  readonly #owed = new Map<string, Debt>();
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #ticksToRenewal = 0;
  #isRenewing = false;

  constructor(bus: Bus, gatewayId: string, logger: Logger) {
    this.#bus = bus;
    this.#gatewayId = gatewayId;
    this.#logger = logger;
    this.#timer = setInterval(() => { this.#tick(); }, TICK_MS);
    this.#tick();
  }

  /** Throws only what repeating cannot mend: CHAT_NOT_FOUND. */
  async enter(socket: ChatSocket, chatId: string, asking: Asking): Promise<void> {
    const key = keyOf(socket.id, chatId);
    const entry: Entry = { chatId, socketId: socket.id, actor: socket.data.actor };
    this.#entries.set(key, entry);
    this.#owed.delete(key);
    try {
      await this.#enter(entry, asking);
    } catch (error) {
      if (!isFinal(error)) {
        this.#logger.debug({ err: error }, 'a socket could not be entered; trying again with a later lease');
        return;
      }
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
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
    await this.#settleAll();
  }

  async #enter(entry: Entry, asking: Asking): Promise<void> {
    const { leaseId } = await this.#bus.request(presenceContracts.enterChat, { chatId: entry.chatId, turn: ++this.#turn }, asking);
    entry.leaseId = leaseId;
  }

  async #depart(debt: Debt, asking: Asking): Promise<unknown> {
    const { entry: { chatId, socketId }, how } = debt;
    const key = keyOf(socketId, chatId);
    this.#entries.delete(key);
    this.#owed.set(key, debt);
    const reply = await this.#bus.request(presenceContracts.leaveChat, { chatId, how, turn: ++this.#turn }, asking);
    // The socket may have come back meanwhile.
    if (this.#owed.get(key) === debt) this.#owed.delete(key);
    return reply;
  }

  async #settle(debt: Debt): Promise<void> {
    try {
      await this.#depart(debt, this.#askingFor(debt.entry));
    } catch (error) {
      const key = keyOf(debt.entry.socketId, debt.entry.chatId);
      if (isFinal(error) && this.#owed.get(key) === debt) this.#owed.delete(key);
      this.#logger.debug({ err: error }, 'a departure could not be told');
    }
  }

  async #settleAll(): Promise<void> {
    await Promise.all([...this.#owed.values()].map((debt) => this.#settle(debt)));
  }

  #tick(): void {
    if (this.#isRenewing || --this.#ticksToRenewal > 0) return;
    this.#isRenewing = true;
    this.#renew()
      .then(() => { this.#ticksToRenewal = LEASE_RENEWAL_MS / TICK_MS; })
      .catch((error: unknown) => { this.#logger.debug({ err: error }, 'the lease could not be renewed; trying again'); })
      .finally(() => { this.#isRenewing = false; });
  }

  async #renew(): Promise<void> {
    const { leaseId } = await this.#bus.request(presenceContracts.renewLease, { gatewayId: this.#gatewayId });
    const missing = [...this.#entries.values()].filter((entry) => entry.leaseId !== leaseId);
    const entered = await Promise.allSettled(missing.map((entry) => this.#enter(entry, this.#askingFor(entry))));
    for (const { status } of entered) if (status === 'rejected') this.#logger.debug('a socket could not be entered; trying again with the next lease');
    await this.#settleAll();
  }

  #askingFor({ actor, socketId }: Entry): Asking {
    return { actor, socket: { id: socketId, gatewayId: this.#gatewayId } };
  }
}
