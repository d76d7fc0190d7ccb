import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** What the network does to the bytes of a connection. */
export type Weather =
  | { readonly kind: 'fair' }
  /** Bytes are dropped; connections stay open, and new ones are accepted but get no bytes. */
  | { readonly kind: 'drop'; readonly way: 'toServer' | 'toClient' | 'both' }
  | { readonly kind: 'slow'; readonly latencyMs: number }
  /** Every byte is sent as its own packet. */
  | { readonly kind: 'sliced' };

type Way = 'toServer' | 'toClient';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const onLoopback = (port: number): Address => ({ host: '127.0.0.1', port });

/** A TCP proxy in front of a server that may stop and start. */
export class Proxy {
  readonly #server: Server;
  readonly #connections = new Set<{ client: Socket; upstream: Socket }>();
  #weather: Weather = { kind: 'fair' };
  #isAway = false;

  private constructor(target: Address) {
    this.#server = createServer({ pauseOnConnect: true }, (client) => {
      this.#accept(client, target);
    });
  }

  /** Listens on a free port of loopback by default. */
  static async listen(target: Address, at: Address = onLoopback(0)): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(at, resolve);
    });
    return proxy;
  }

  get address(): Address {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  set weather(weather: Weather) {
    this.#weather = weather;
  }

  /** Ends every connection and accepts none, as if no server were there. */
  refuse(isAway: boolean): void {
    this.#isAway = isAway;
    if (isAway) this.reset();
  }

  /** Ends every connection by RST, in the middle of a frame when bytes are under way. */
  reset(): void {
    for (const { client, upstream } of this.#connections) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #accept(client: Socket, target: Address): void {
    client.on('error', () => client.destroy());
    if (this.#isAway) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target);
    const connection = { client, upstream };
    this.#connections.add(connection);
    upstream.on('error', () => client.resetAndDestroy());
    client.on('close', () => {
      upstream.destroy();
      this.#connections.delete(connection);
    });
    upstream.on('close', () => {
      client.destroy();
    });
    for (const socket of [client, upstream]) socket.setNoDelay(true);
    this.#forward(client, upstream, 'toServer');
    this.#forward(upstream, client, 'toClient');
    client.resume();
  }

  #forward(from: Socket, to: Socket, way: Way): void {
    from.on('data', (chunk: Buffer) => {
      const weather = this.#weather;
      if (weather.kind === 'drop' && (weather.way === way || weather.way === 'both')) return;
      if (weather.kind === 'slow')
        setTimeout(() => {
          write(to, chunk);
        }, weather.latencyMs);
      else if (weather.kind === 'sliced') for (const byte of chunk) write(to, Buffer.of(byte));
      else write(to, chunk);
    });
  }
}

function write(to: Socket, bytes: Buffer): void {
  if (to.writable) to.write(bytes);
}
