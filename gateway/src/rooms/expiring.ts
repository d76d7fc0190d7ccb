import type { RoomEventContract } from '@switchboard/shared/contracts';

interface Active {
  readonly contract: RoomEventContract;
  readonly payload: unknown;
  readonly timer: NodeJS.Timeout;
}

/**
 * States of a room that must end: typing. A state ends when its author says so, when another event of the
 * author implies it, or after a time. A lost end or a dead sender leaves no state standing.
 */
export class Expiring {
  readonly #emit: (contract: RoomEventContract, payload: unknown) => void;
  readonly #active = new Map<string, Active>();

  constructor(emit: (contract: RoomEventContract, payload: unknown) => void) {
    this.#emit = emit;
  }

  /** Starts, renews or ends a state. The end of a state that is not active is dropped. */
  receive(contract: RoomEventContract, payload: unknown): void {
    const { expiry } = contract;
    if (expiry === undefined) return;
    const key = keyOf(contract, contract.author(payload));
    const wasActive = this.#stop(key) !== undefined;
    if (expiry.while(payload)) {
      const timer = setTimeout(() => {
        this.#end(key);
      }, expiry.afterMs);
      this.#active.set(key, { contract, payload, timer });
    }
    if (wasActive || expiry.while(payload)) this.#emit(contract, payload);
  }

  /** Ends the states of `author` that `event` implies the end of. */
  endBy(event: string, author: number): void {
    for (const [key, { contract }] of this.#active) {
      if (key === keyOf(contract, author) && contract.expiry?.endedBy.includes(event) === true)
        this.#end(key);
    }
  }

  clear(): void {
    for (const key of [...this.#active.keys()]) this.#stop(key);
  }

  #end(key: string): void {
    const active = this.#stop(key);
    if (active?.contract.expiry !== undefined)
      this.#emit(active.contract, active.contract.expiry.then(active.payload));
  }

  #stop(key: string): Active | undefined {
    const active = this.#active.get(key);
    clearTimeout(active?.timer);
    this.#active.delete(key);
    return active;
  }
}

const keyOf = (contract: RoomEventContract, author: number | undefined): string =>
  `${contract.event} ${String(author)}`;
