/**
 * Follows one log of one chat. Whatever is lost, repeated or overtaken on the way, the entries that come out are the
 * log, in order, each once. Decides only: the caller reads the log when `isBehind`.
 */
export class Follower<Entry extends { readonly rev: number }> {
  /** The last entry that came out; undefined until it is known where to begin. */
  #position: number | undefined;
  /** The highest entry known to exist. */
  #head = 0;
  /** None for most rooms at most times. */
  #held: Map<number, Entry> | undefined;

  get position(): number | undefined {
    return this.#position;
  }

  /** How many entries are known to exist that have not come out. */
  get behind(): number {
    return this.#position === undefined ? 0 : Math.max(0, this.#head - this.#position);
  }

  get isBehind(): boolean {
    return this.behind > 0;
  }

  /** From here on: entries up to `rev` are history. Only the first call counts. */
  begin(rev: number): Entry[] {
    if (this.#position !== undefined) return [];
    this.#position = rev;
    for (const held of [...(this.#held?.keys() ?? [])]) if (held <= rev) this.#held?.delete(held);
    return this.#due();
  }

  /** Takes an entry, from whichever source, and returns what is due now. */
  offer(entry: Entry): Entry[] {
    this.hearOf(entry.rev);
    if (this.#position !== undefined && entry.rev <= this.#position) return [];
    if (entry.rev - 1 === this.#position && this.#held === undefined) {
      this.#position = entry.rev;
      return [entry];
    }
    (this.#held ??= new Map<number, Entry>()).set(entry.rev, entry);
    return this.#due();
  }

  /** It came out, or waits for those before it. */
  knows(rev: number): boolean {
    return this.#held?.has(rev) === true || (this.#position !== undefined && rev <= this.#position);
  }

  /** The log is known to reach `rev`. */
  hearOf(rev: number): void {
    this.#head = Math.max(this.#head, rev);
  }

  #due(): Entry[] {
    if (this.#position === undefined || this.#held === undefined) return [];
    const due: Entry[] = [];
    for (let next = this.#held.get(this.#position + 1); next !== undefined; next = this.#held.get(this.#position + 1)) {
      this.#held.delete(next.rev);
      this.#position = next.rev;
      due.push(next);
    }
    if (this.#held.size === 0) this.#held = undefined;
    return due;
  }
}
