/** JSON as its owner wrote it, to be passed on unread. */
export class Json {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Whoever writes it among other things writes what it says. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** JSON.stringify for what may be written already; what is not there is null. */
export const jsonOf = (value: unknown): string => (value instanceof Json ? value.text : JSON.stringify(value ?? null));
