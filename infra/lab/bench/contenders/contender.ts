/** One member of one chat. `auth` is the payload of its Socket.IO handshake. */
export interface Seat {
  readonly url: string;
  readonly auth: Readonly<Record<string, unknown>>;
  readonly chatId: string;
}

/** A server under measurement, with all its processes. */
export interface Contender {
  readonly name: string;
  /** Pids by name. The CPU of these processes and their children is the contender's cost. */
  readonly processes: ReadonlyMap<string, number>;
  /** The process that holds the sockets. */
  readonly edgePid: number;
  /** Opens chats of `members` each; each member has its own socket. */
  openChats(chats: number, members: number): Promise<Seat[][]>;
  stop(): Promise<void>;
}
