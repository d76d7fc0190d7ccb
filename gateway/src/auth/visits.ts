/** An Engine.IO connection, as far as it matters here. */
export interface Connection {
  readonly readyState: string;
  close(): unknown;
  once(event: 'close', run: () => void): unknown;
}

/** How long a connection may be without a socket. */
export const CONNECT_WITHIN_MS = 10_000;
/** A client whose token has ended comes again with another; none of ours comes so often. */
const MAX_CONNECTS = 10;

interface Visit {
  connects: number;
  isTaken: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Who speaks over a connection: one socket at a time, a few in its life, and not nobody for long. */
export class Visits {
  readonly #visits = new WeakMap<Connection, Visit>();

  /** False: there is a socket already, or there were too many. */
  begin(connection: Connection): boolean {
    const visit = this.#of(connection);
    visit.connects += 1;
    if (visit.isTaken || visit.connects > MAX_CONNECTS) return false;
    visit.isTaken = true;
    clearTimeout(visit.timer);
    return true;
  }

  leave(connection: Connection): void {
    const visit = this.#of(connection);
    visit.isTaken = false;
    clearTimeout(visit.timer);
    if (connection.readyState === 'open') visit.timer = setTimeout(() => { connection.close(); }, CONNECT_WITHIN_MS);
  }

  #of(connection: Connection): Visit {
    const known = this.#visits.get(connection);
    if (known !== undefined) return known;
    const visit: Visit = { connects: 0, isTaken: false, timer: undefined };
    this.#visits.set(connection, visit);
    connection.once('close', () => { clearTimeout(visit.timer); });
    return visit;
  }
}
