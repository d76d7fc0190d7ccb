/** How many detours may run at once: each waits on a pooled connection that other work needs too. */
const MAX_RUNNING = 4;

/**
 * A queue for each contended chat. It runs its chat's sends in their order, in batches of their own, and
 * closes when it is empty.
 */
export class Detours<Item extends { readonly chatId: string }> {
  readonly #maxBatch: number;
  readonly #run: (batch: readonly Item[]) => Promise<void>;
  readonly #waiting = new Map<string, Item[]>();
  /** Chats whose detour is open and not yet running, oldest first. */
  readonly #notRunning: string[] = [];
  #running = 0;

  /** `run` must not reject. */
  constructor(maxBatch: number, run: (batch: readonly Item[]) => Promise<void>) {
    this.#maxBatch = maxBatch;
    this.#run = run;
  }

  /** Puts the item into its chat's detour; false if the chat has none. */
  join(item: Item): boolean {
    const waiting = this.#waiting.get(item.chatId);
    waiting?.push(item);
    return waiting !== undefined;
  }

  /** Puts the items into the detours of their chats, and opens those that are missing. */
  open(items: readonly Item[]): void {
    for (const item of items) {
      if (this.join(item)) continue;
      this.#waiting.set(item.chatId, [item]);
      this.#notRunning.push(item.chatId);
    }
    this.#start();
  }

  #start(): void {
    while (this.#running < MAX_RUNNING) {
      const chatId = this.#notRunning.shift();
      if (chatId === undefined) return;
      this.#running += 1;
      void this.#runAll(chatId).finally(() => {
        this.#running -= 1;
        this.#start();
      });
    }
  }

  async #runAll(chatId: string): Promise<void> {
    const waiting = this.#waiting.get(chatId) ?? [];
    while (waiting.length > 0) await this.#run(waiting.splice(0, this.#maxBatch));
    this.#waiting.delete(chatId);
  }
}
