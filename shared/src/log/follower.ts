/**
 * Follows one owner's log of one chat. Input may be lost, repeated or reordered; the output is the log, in
 * order, each entry once. Does no I/O: the caller reads the log when `isBehind`.
 */
export class Follower<Entry extends { readonly rev: number }> {
  /** The last returned entry; undefined until `begin`. */
  #position: number | undefined;
  /** The highest entry known to exist. */
  #head = 0;
  /** Entries that wait for earlier ones. Rarely any. */
  #held: Map<number, Entry> | undefined;

  get position(): number | undefined {
    return this.#position;
  }

  /** How many entries are known to exist and not yet returned. */
  get behind(): number {
    return this.#position === undefined ? 0 : Math.max(0, this.#head - this.#position);
  }

  get isBehind(): boolean {
    return this.behind > 0;
  }

  /** Sets the start: entries up to `rev` are in the snapshot. Only the first call counts. */
  begin(rev: number): Entry[] {
    if (this.#position !== undefined) return [];
    this.#position = rev;
    for (const held of [...(this.#held?.keys() ?? [])]) if (held <= rev) this.#held?.delete(held);
    return this.#due();
  }

  /** Adds an entry, live or from the log, and returns the entries that are due now. */
  offer(entry: Entry): Entry[] {
    this.raiseHead(entry.rev);
    if (this.#position !== undefined && entry.rev <= this.#position) return [];
    if (entry.rev - 1 === this.#position && this.#held === undefined) {
      this.#position = entry.rev;
      return [entry];
    }
    (this.#held ??= new Map<number, Entry>()).set(entry.rev, entry);
    return this.#due();
  }

  /** Whether this entry was returned, or waits for earlier ones. */
  has(rev: number): boolean {
    return this.#held?.has(rev) === true || (this.#position !== undefined && rev <= this.#position);
  }

  /** Records that the log reaches `rev`. */
  raiseHead(rev: number): void {
    this.#head = Math.max(this.#head, rev);
  }

  #due(): Entry[] {
    if (this.#position === undefined || this.#held === undefined) return [];
    const due: Entry[] = [];
    for (
      let next = this.#held.get(this.#position + 1);
      next !== undefined;
      next = this.#held.get(this.#position + 1)
    ) {
      this.#held.delete(next.rev);
      this.#position = next.rev;
      due.push(next);
    }
    if (this.#held.size === 0) this.#held = undefined;
    return due;
  }
}
