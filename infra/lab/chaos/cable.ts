import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NotHere } from './not-here.ts';
import { Proxy, type Address } from './proxy.ts';

const run = promisify(execFile);
const ip = (...args: string[]): Promise<unknown> => run('ip', args);

const RELAY = fileURLToPath(new URL('relay.ts', import.meta.url));
const PORT = 4_000;

/**
 * A link between two hosts, made of a network namespace: a connection to `address` goes through it to the
 * server. Pulling it loses packets as a network does: neither end gets an error, connections stay half open,
 * and bytes under way arrive late or never.
 */
export class Cable {
  readonly address: Address;
  readonly #name: string;
  readonly #relay: ChildProcess;
  readonly #near: Proxy;

  private constructor(name: string, address: Address, relay: ChildProcess, near: Proxy) {
    this.#name = name;
    this.address = address;
    this.#relay = relay;
    this.#near = near;
  }

  /** Throws NotHere where network namespaces cannot be created. */
  static async lay(index: number, server: Address): Promise<Cable> {
    const name = `sb${process.pid}c${index}`;
    const [near, far] = [1, 2].map((end) => `10.213.${process.pid % 250}.${index * 4 + end}`);
    if (near === undefined || far === undefined) throw new Error('no address');
    try {
      await ip('netns', 'add', name);
      await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'far', 'netns', name);
      await ip('address', 'add', `${near}/30`, 'dev', name);
      await ip('link', 'set', name, 'up');
      await ip('-n', name, 'address', 'add', `${far}/30`, 'dev', 'far');
      await ip('-n', name, 'link', 'set', 'far', 'up');
    } catch (error) {
      throw new NotHere(`a network namespace cannot be created: ${String(error)}`);
    }
    const proxy = await Proxy.listen(server, { host: near, port: PORT });
    const relay = spawn('ip', ['netns', 'exec', name, process.execPath, RELAY, far, near, String(PORT)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(relay.stdout, 'data');
    return new Cable(name, { host: far, port: PORT }, relay, proxy);
  }

  async pull(): Promise<void> {
    await ip('link', 'set', this.#name, 'down');
  }

  async plug(): Promise<void> {
    await ip('link', 'set', this.#name, 'up');
  }

  async close(): Promise<void> {
    const gone = once(this.#relay, 'exit');
    this.#relay.kill();
    await gone;
    await this.#near.close();
    await ip('link', 'del', this.#name);
    await ip('netns', 'del', this.#name);
  }
}
