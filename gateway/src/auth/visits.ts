/** The part of an Engine.IO connection that is used here. */
export interface Connection {
  readonly readyState: string;
  close(): unknown;
  once(event: 'close', run: () => void): unknown;
}

/** How long a connection may stay without a Socket.IO socket. */
export const CONNECT_WITHIN_MS = 10_000;
/** Sockets over the life of a connection: a client connects again when its token has expired. */
const MAX_CONNECTS = 10;

interface Visit {
  connects: number;
  hasSocket: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Limits the sockets of a connection: one at a time, `MAX_CONNECTS` in all, none for only a short time. */
export class Visits {
  readonly #visits = new WeakMap<Connection, Visit>();

  /** False: the connection has a socket already, or has had too many. */
  begin(connection: Connection): boolean {
    const visit = this.#of(connection);
    visit.connects += 1;
    if (visit.hasSocket || visit.connects > MAX_CONNECTS) return false;
    visit.hasSocket = true;
    clearTimeout(visit.timer);
    return true;
  }

  leave(connection: Connection): void {
    const visit = this.#of(connection);
    visit.hasSocket = false;
    clearTimeout(visit.timer);
    if (connection.readyState === 'open')
      visit.timer = setTimeout(() => {
        connection.close();
      }, CONNECT_WITHIN_MS);
  }

  #of(connection: Connection): Visit {
    const known = this.#visits.get(connection);
    if (known !== undefined) return known;
    const visit: Visit = { connects: 0, hasSocket: false, timer: undefined };
    this.#visits.set(connection, visit);
    connection.once('close', () => {
      clearTimeout(visit.timer);
    });
    return visit;
  }
}
