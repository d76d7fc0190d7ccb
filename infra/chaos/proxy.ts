import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** What the network does to the bytes between two parties. */
export type Weather =
  | { readonly kind: 'fair' }
  /** Bytes vanish; connections stay open and new ones are accepted and say nothing. */
  | { readonly kind: 'drop'; readonly way: 'toServer' | 'toClient' | 'both' }
  | { readonly kind: 'slow'; readonly latencyMs: number }
  /** Every byte is a packet of its own. */
  | { readonly kind: 'sliced' };

type Way = 'toServer' | 'toClient';

/** A TCP proxy on loopback in front of a server that may come and go. */
export class Proxy {
  readonly #server: Server;
  readonly #connections = new Set<{ client: Socket; upstream: Socket }>();
  #weather: Weather = { kind: 'fair' };
  #isAway = false;

  private constructor(target: () => number | Promise<number>) {
    this.#server = createServer({ pauseOnConnect: true }, (client) => { void this.#accept(client, target); });
  }

  /** `target`: the server's port on loopback, asked for at every connection. */
  static async listen(target: () => number | Promise<number>): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => { proxy.#server.listen(0, '127.0.0.1', resolve); });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  set weather(weather: Weather) {
    this.#weather = weather;
  }

  /** Ends every connection and takes no new ones, until told otherwise: as if nobody were there. */
  refuse(isAway: boolean): void {
    this.#isAway = isAway;
    if (isAway) this.reset();
  }

  /** Ends every connection by RST. With bytes under way that is in the middle of a frame. */
  reset(): void {
    for (const { client, upstream } of this.#connections) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }

  async #accept(client: Socket, target: () => number | Promise<number>): Promise<void> {
    client.on('error', () => client.destroy());
    if (this.#isAway) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(await Promise.resolve(target()).catch(() => 1), '127.0.0.1');
    const connection = { client, upstream };
    this.#connections.add(connection);
    upstream.on('error', () => client.resetAndDestroy());
    client.on('close', () => { upstream.destroy(); this.#connections.delete(connection); });
    upstream.on('close', () => { client.destroy(); });
    for (const socket of [client, upstream]) socket.setNoDelay(true);
    this.#carry(client, upstream, 'toServer');
    this.#carry(upstream, client, 'toClient');
    client.resume();
  }

  #carry(from: Socket, to: Socket, way: Way): void {
    from.on('data', (chunk: Buffer) => {
      const weather = this.#weather;
      if (weather.kind === 'drop' && (weather.way === way || weather.way === 'both')) return;
      if (weather.kind === 'slow') setTimeout(() => { write(to, chunk); }, weather.latencyMs);
      else if (weather.kind === 'sliced') for (const byte of chunk) write(to, Buffer.of(byte));
      else write(to, chunk);
    });
  }
}

function write(to: Socket, bytes: Buffer): void {
  if (to.writable) to.write(bytes);
}
