/** One member of one chat: how a client gets in. `auth` is what it says of itself when it connects. */
export interface Seat {
  readonly url: string;
  readonly auth: Readonly<Record<string, unknown>>;
  readonly chatId: string;
}

/** A server under measurement, and everything that it needs to serve. */
export interface Contender {
  readonly name: string;
  /** The processes whose CPU is its cost, by name; each stands for all that it starts. */
  readonly processes: ReadonlyMap<string, number>;
  /** The one that holds the sockets. */
  readonly edgePid: number;
  /** Chats of so many members each, of whom each has a socket of its own. */
  openChats(chats: number, members: number): Promise<Seat[][]>;
  stop(): Promise<void>;
}
