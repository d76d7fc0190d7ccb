/** JSON text as its owner wrote it, passed on unparsed. */
export class Json {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** For JSON.stringify of an object that contains it. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** JSON.stringify that keeps `Json` as it is; undefined becomes null. */
export const jsonOf = (value: unknown): string =>
  value instanceof Json ? value.text : JSON.stringify(value ?? null);
