import { waitFor, type TestSystem } from '@switchboard/infra/test';
import { RawConnection, type RawResponse, type RawOptions } from './raw.ts';
import { Held } from './raw-held.ts';
import { httpRequest, POLLING, PollingSession, type HttpRequest } from './raw-polling.ts';
import { RawWebSocket, upgradeRequest, type Upgrade } from './raw-websocket.ts';

let lastUser = 700_000;

/** Opens any number of connections. Each token is for a new user. */
export class Attacker {
  readonly system: TestSystem;
  readonly #connections: RawConnection[] = [];
  readonly #held: Held;

  private constructor(system: TestSystem, gatewayPid: number) {
    this.system = system;
    this.#held = new Held(gatewayPid);
  }

  static async of(system: TestSystem): Promise<Attacker> {
    const gateway = (await system.processes()).find(({ name }) => name === 'gateway');
    return new Attacker(system, gateway?.pid ?? 0);
  }

  get url(): string {
    return this.system.url;
  }

  token(role: 'client' | 'admin' = 'client'): string {
    return this.system.token({ id: ++lastUser, role });
  }

  async connect(options?: RawOptions): Promise<RawConnection> {
    const connection = await RawConnection.open(this.url, options);
    this.#connections.push(connection);
    return connection;
  }

  async webSocket(upgrade: Upgrade = {}): Promise<RawWebSocket> {
    const webSocket = await RawWebSocket.open(this.url, upgrade);
    this.#connections.push(webSocket.connection);
    return webSocket;
  }

  /** A WebSocket with an admitted Socket.IO socket. */
  async socket(upgrade: Upgrade = {}, token = this.token()): Promise<RawWebSocket> {
    const webSocket = await this.webSocket(upgrade);
    await this.admit(webSocket, token);
    return webSocket;
  }

  async admit(webSocket: RawWebSocket, token = this.token()): Promise<void> {
    webSocket.send(`40{"token":"${token}"}`);
    await webSocket.receives('40{"sid"');
  }

  /** The response to a rejected upgrade, after which the server must close the connection. */
  async refusedUpgrade(upgrade: Upgrade): Promise<RawResponse> {
    const connection = await this.connect(upgrade);
    connection.write(upgradeRequest(this.url, upgrade));
    const response = await connection.response();
    await connection.closed();
    return response;
  }

  async request(request: HttpRequest): Promise<RawResponse> {
    return (await this.write(httpRequest(this.url, request))).response;
  }

  async write(bytes: string | Uint8Array): Promise<{ response: RawResponse; connection: RawConnection }> {
    const connection = await this.connect();
    connection.write(bytes);
    return { response: await connection.response(), connection };
  }

  async pollingSession(query = ''): Promise<PollingSession> {
    const { body } = await this.request({ path: `${POLLING}${query}` });
    const sid = /"sid\\?":\\?"([\w-]+)/.exec(body)?.[1];
    if (sid === undefined) throw new Error(`no session: ${body}`);
    return new PollingSession(`${sid}${query}`, (request) => this.request(request));
  }

  async admitByPolling(): Promise<PollingSession> {
    const session = await this.pollingSession();
    await session.post(`40{"token":"${this.token()}"}`);
    const { body } = await session.get();
    if (!body.startsWith('40{"sid"')) throw new Error(`not admitted: ${body}`);
    return session;
  }

  /** All bytes that the server sent, on every connection. */
  get received(): string {
    return this.#connections.map(({ transcript }) => transcript).join('\n');
  }

  /** Ends all connections; fails if the server keeps any of them. */
  async leave(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    const ports = this.#connections.map(({ port }) => port);
    const left = () => this.#held.leftOf(Number(new URL(this.url).port), ports);
    try {
      await waitFor(() => left().length === 0, {
        what: 'the gateway to release connections whose clients are gone',
        timeoutMs: 3_000,
        everyMs: 2,
      });
    } finally {
      this.#held.blame(left());
    }
  }
}
