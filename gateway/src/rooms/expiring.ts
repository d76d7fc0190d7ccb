import type { RoomEventContract } from '@switchboard/shared/contracts';

interface Active {
  readonly contract: RoomEventContract;
  readonly payload: unknown;
  readonly timer: NodeJS.Timeout;
}

/**
 * What a room's sockets have been told is so and must be told the end of: typing. It ends when its author says so, when an
 * event of theirs implies it, or by itself; a lost end, or a dead sender, leaves nothing standing.
 */
export class Expiring {
  readonly #emit: (contract: RoomEventContract, payload: unknown) => void;
  readonly #active = new Map<string, Active>();

  constructor(emit: (contract: RoomEventContract, payload: unknown) => void) {
    this.#emit = emit;
  }

  /** An expiring event was heard: begins, renews or ends what it speaks of. An end of what has not begun is told to nobody. */
  hear(contract: RoomEventContract, payload: unknown): void {
    const { expiry } = contract;
    if (expiry === undefined) return;
    const key = keyOf(contract, contract.author(payload));
    const wasActive = this.#stop(key) !== undefined;
    if (expiry.while(payload)) {
      const timer = setTimeout(() => { this.#end(key); }, expiry.afterMs);
      this.#active.set(key, { contract, payload, timer });
    }
    if (wasActive || expiry.while(payload)) this.#emit(contract, payload);
  }

  /** Another event of `author` was heard: ends what it implies the end of. */
  endBy(event: string, author: number): void {
    for (const [key, { contract }] of this.#active) {
      if (key === keyOf(contract, author) && contract.expiry?.endedBy.includes(event) === true) this.#end(key);
    }
  }

  clear(): void {
    for (const key of [...this.#active.keys()]) this.#stop(key);
  }

  #end(key: string): void {
    const active = this.#stop(key);
    if (active?.contract.expiry !== undefined) this.#emit(active.contract, active.contract.expiry.then(active.payload));
  }

  #stop(key: string): Active | undefined {
    const active = this.#active.get(key);
    clearTimeout(active?.timer);
    this.#active.delete(key);
    return active;
  }
}

const keyOf = (contract: RoomEventContract, author: number | undefined): string => `${contract.event} ${String(author)}`;
