import type { Throttle as Rule } from '@switchboard/shared/contracts';

type Timing = Pick<Rule<unknown>, 'everyMs' | 'endedBy'>;

/** `everyMs` in which the socket forwards no further event of the chat. */
interface Window {
  /** The payload that was forwarded when the window began, as JSON. */
  readonly forwarded: string;
  readonly outcome: Promise<unknown>;
  readonly rule: Timing;
  readonly timer: NodeJS.Timeout;
  /** The latest event with another payload; forwarded when the window ends. */
  held: Held | undefined;
}

interface Held<Reply = unknown> {
  readonly text: string;
  /** `since`: from when on its time to wait counts, performance.now(), ms. */
  readonly forward: (since: number) => Promise<Reply>;
}

/** Throttles the events of one socket of which only the latest counts, per chat. */
export class Throttle {
  readonly #windows = new Map<string, Window>();

  /**
   * Calls `forward` now, when the window ends, or never. Rejects if the last forwarded event failed.
   */
  async run<Payload, Reply>(
    chatId: string,
    payload: Payload,
    rule: Rule<Payload>,
    forward: Held<Reply>['forward'],
  ): Promise<Reply | { data: unknown }> {
    const text = JSON.stringify(payload);
    const window = this.#windows.get(chatId);
    if (window === undefined) return this.#forward(chatId, rule, { text, forward });
    window.held = text === window.forwarded ? undefined : { text, forward };
    await window.outcome;
    return { data: rule.answer(payload) };
  }

  /** The socket sent `event` in the chat: drops a held event that it makes obsolete. */
  dropObsolete(chatId: string, event: string): void {
    const window = this.#windows.get(chatId);
    if (window?.rule.endedBy.includes(event) === true) window.held = undefined;
  }

  clear(): void {
    for (const { timer } of this.#windows.values()) clearTimeout(timer);
    this.#windows.clear();
  }

  #forward<Reply>(chatId: string, rule: Timing, { text, forward }: Held<Reply>): Promise<Reply> {
    const outcome = forward(performance.now());
    // The caller of `run` gets the failure. A held event was already replied to: its failure is dropped.
    outcome.catch(() => undefined);
    const timer = setTimeout(() => {
      this.#close(chatId);
    }, rule.everyMs);
    this.#windows.set(chatId, { forwarded: text, outcome, rule, timer, held: undefined });
    return outcome;
  }

  #close(chatId: string): void {
    const window = this.#windows.get(chatId);
    this.#windows.delete(chatId);
    if (window?.held !== undefined) void this.#forward(chatId, window.rule, window.held);
  }
}
