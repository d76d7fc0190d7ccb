import type { Throttle as Rule } from '@switchboard/shared/contracts';

type Timing = Pick<Rule<unknown>, 'everyMs' | 'endedBy'>;

/** A time in which nothing more of its kind is forwarded. */
interface Window {
  /** What was forwarded when it began, and what came of it. */
  readonly told: string;
  readonly outcome: Promise<unknown>;
  readonly rule: Timing;
  readonly timer: NodeJS.Timeout;
  /** The latest that said something else. */
  held: Held | undefined;
}

interface Held<Answer = unknown> {
  readonly text: string;
  /** `since`: from when on it counts, performance.now(), ms. */
  readonly forward: (since: number) => Promise<Answer>;
}

/** One socket's events of which only the latest counts, per chat. */
export class Throttle {
  readonly #windows = new Map<string, Window>();

  /** `forward` is called now, when the window ends, or never. Rejects as the last one that was forwarded did. */
  async run<Payload, Answer>(chatId: string, payload: Payload, rule: Rule<Payload>, forward: Held<Answer>['forward']): Promise<Answer | { data: unknown }> {
    const text = JSON.stringify(payload);
    const window = this.#windows.get(chatId);
    if (window === undefined) return this.#forward(chatId, rule, { text, forward });
    window.held = text === window.told ? undefined : { text, forward };
    await window.outcome;
    return { data: rule.answer(payload) };
  }

  /** The socket did something else in the chat; what is held may not be wanted any more. */
  forget(chatId: string, event: string): void {
    const window = this.#windows.get(chatId);
    if (window?.rule.endedBy.includes(event) === true) window.held = undefined;
  }

  clear(): void {
    for (const { timer } of this.#windows.values()) clearTimeout(timer);
    this.#windows.clear();
  }

  #forward<Answer>(chatId: string, rule: Timing, { text, forward }: Held<Answer>): Promise<Answer> {
    const outcome = forward(performance.now());
    // Whoever asked hears of a failure; of one that was held, nobody does.
    outcome.catch(() => undefined);
    const timer = setTimeout(() => { this.#close(chatId); }, rule.everyMs);
    this.#windows.set(chatId, { told: text, outcome, rule, timer, held: undefined });
    return outcome;
  }

  #close(chatId: string): void {
    const window = this.#windows.get(chatId);
    this.#windows.delete(chatId);
    if (window?.held !== undefined) void this.#forward(chatId, window.rule, window.held);
  }
}
