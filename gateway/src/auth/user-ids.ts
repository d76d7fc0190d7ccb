import type { Bus } from '@switchboard/shared/bus';
import { chatContracts, type Subject } from '@switchboard/shared/contracts';

/** At about 200 bytes each. */
const MAX_KNOWN = 100_000;

/**
 * Numbers of the users whose subject is none. chat-service gives them; each is looked up once. While
 * chat-service is away, known users connect; for others `of` throws UNAVAILABLE or TIMEOUT.
 */
export class UserIds {
  readonly #bus: Pick<Bus, 'request'>;
  readonly #maxKnown: number;
  readonly #known = new Map<string, Promise<number>>();

  constructor(bus: Pick<Bus, 'request'>, maxKnown = MAX_KNOWN) {
    this.#bus = bus;
    this.#maxKnown = maxKnown;
  }

  readonly of = (subject: Subject): Promise<number> => {
    const key = JSON.stringify([subject.issuer, subject.subject]);
    const known = this.#known.get(key) ?? this.#lookUp(key, subject);
    // The last used is the last to be forgotten.
    this.#known.delete(key);
    this.#known.set(key, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#maxKnown && oldest !== undefined) this.#known.delete(oldest);
    return known;
  };

  async #lookUp(key: string, subject: Subject): Promise<number> {
    try {
      return (await this.#bus.request(chatContracts.identifyUser, subject)).userId;
    } catch (error) {
      this.#known.delete(key);
      throw error;
    }
  }
}
