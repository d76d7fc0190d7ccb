import { waitFor, type TestSystem } from '../../infra/testing/index.ts';
import { RawConnection, type Answer, type RawOptions } from './raw.ts';
import { Held } from './raw-held.ts';
import { httpRequest, POLLING, PollingSession, type HttpRequest } from './raw-polling.ts';
import { RawWebSocket, upgradeRequest, type Upgrade } from './raw-websocket.ts';

let lastUser = 700_000;

/** Somebody with as many connections as they like, each user of theirs another. */
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

  /** A WebSocket that the server has let in. */
  async socket(upgrade: Upgrade = {}, token = this.token()): Promise<RawWebSocket> {
    const webSocket = await this.webSocket(upgrade);
    await this.letIn(webSocket, token);
    return webSocket;
  }

  async letIn(webSocket: RawWebSocket, token = this.token()): Promise<void> {
    webSocket.send(`40{"token":"${token}"}`);
    await webSocket.hears('40{"sid"');
  }

  /** What an upgrade is answered with that is none, and that the connection ends. */
  async refusedUpgrade(upgrade: Upgrade): Promise<Answer> {
    const connection = await this.connect(upgrade);
    connection.write(upgradeRequest(this.url, upgrade));
    const answer = await connection.answer();
    await connection.closed();
    return answer;
  }

  async ask(request: HttpRequest): Promise<Answer> {
    return (await this.write(httpRequest(this.url, request))).answer;
  }

  async write(bytes: string | Uint8Array): Promise<{ answer: Answer; connection: RawConnection }> {
    const connection = await this.connect();
    connection.write(bytes);
    return { answer: await connection.answer(), connection };
  }

  async pollingSession(query = ''): Promise<PollingSession> {
    const { body } = await this.ask({ path: `${POLLING}${query}` });
    const sid = /"sid\\?":\\?"([\w-]+)/.exec(body)?.[1];
    if (sid === undefined) throw new Error(`no session: ${body}`);
    return new PollingSession(`${sid}${query}`, (request) => this.ask(request));
  }

  async letInByPolling(): Promise<PollingSession> {
    const session = await this.pollingSession();
    await session.post(`40{"token":"${this.token()}"}`);
    const { body } = await session.get();
    if (!body.startsWith('40{"sid"')) throw new Error(`not let in: ${body}`);
    return session;
  }

  /** All that was ever answered. */
  get heard(): string {
    return this.#connections.map(({ transcript }) => transcript).join('\n');
  }

  /** Ends whatever is left; fails when the server does not let go of all of it. */
  async leave(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    const ports = this.#connections.map(({ port }) => port);
    const left = () => this.#held.leftOf(Number(new URL(this.url).port), ports);
    try {
      await waitFor(() => left().length === 0, { what: 'the gateway to let go of connections whose clients are gone', timeoutMs: 3_000, everyMs: 2 });
    } finally {
      this.#held.blame(left());
    }
  }
}
