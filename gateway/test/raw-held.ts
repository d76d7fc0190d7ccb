import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Inodes of sockets that an earlier test reported as leaked. */
const known = new Set<string>();

/** The connections that a server opens after construction, read from /proc. Empty outside Linux. */
export class Held {
  readonly #pid: number;
  readonly #before: ReadonlySet<string>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = new Set(socketsOf(pid));
  }

  /**
   * The inodes of sockets whose clients use these ports, and of sockets that no longer have a connection.
   */
  leftOf(serverPort: number, ports: readonly number[]): string[] {
    const fresh = socketsOf(this.#pid).filter((inode) => !this.#before.has(inode) && !known.has(inode));
    if (fresh.length === 0) return [];
    const clients = new Map(
      readFileSync('/proc/net/tcp', 'utf8')
        .split('\n')
        .map((line) => {
          const [, local = '', remote = '', , , , , , , inode = ''] = line.trim().split(/\s+/);
          return [inode, portOf(local) === serverPort ? portOf(remote) : 0];
        }),
    );
    return fresh.filter((inode) => {
      const client = clients.get(inode);
      return client === undefined || ports.includes(client);
    });
  }

  /** Excludes these sockets from later tests. */
  blame(left: readonly string[]): void {
    for (const inode of left) known.add(inode);
  }
}

/** Inodes, as proc_pid_fd(5) and proc_net_tcp(5) name sockets. */
function socketsOf(pid: number): string[] {
  const files = `/proc/${pid}/fd`;
  if (!existsSync(files)) return [];
  return readdirSync(files).flatMap(
    (file) => /^socket:\[(\d+)\]$/.exec(linkOf(`${files}/${file}`))?.[1] ?? [],
  );
}

const portOf = (address: string): number => Number.parseInt(address.split(':')[1] ?? '', 16);

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed since it was listed.
    return '';
  }
}
