import { expect } from '@jest/globals';
import { withDatabase } from '../../infra/chaos/database.ts';
import jwt from 'jsonwebtoken';
import { scrape } from '../../infra/e2e/scrape.ts';
import { startSystem, waitFor, type TestSystem } from '../../infra/testing/index.ts';
import { Client } from './client.ts';

/** What is there because somebody asked for it; copies of chats follow by themselves, when they like. */
const TABLES = ['chat.chat', 'chat.chat_log', 'message.message', 'message.message_read', 'message.file', 'message.chat_log', 'presence.revocation'];

/** What is the same before and after, whatever a hostile client did: every process, its connection to NATS, every row. */
interface State {
  readonly processes: readonly string[];
  readonly reconnections: number;
  readonly rows: Readonly<Record<string, number>>;
}

/**
 * The whole system with the limits that it has by default, and somebody on it who minds their own business: after every hostile
 * act they send a message, hear it, and nothing else has changed.
 */
export class Bystander {
  readonly system: TestSystem;
  readonly chatId: string;
  readonly #client: Client;
  #before: State | undefined;

  private constructor(system: TestSystem, chatId: string, client: Client) {
    this.system = system;
    this.chatId = chatId;
    this.#client = client;
  }

  static async start(environment: Record<string, string> = {}): Promise<Bystander> {
    const system = await startSystem({ env: { ...DEFAULT_LIMITS, OTEL_METRICS_EXPORTER: 'prometheus', ...environment } });
    const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = environment;
    const token = jwt.sign({ email: 'bystander@example.com', role: 'client', ...(issuer && { iss: issuer }), ...(audience && { aud: audience }) }, system.jwtSecret, { subject: BYSTANDER, expiresIn: '1h' });
    const response = await fetch(`${system.url}/api/v1/chats`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    const { id: chatId } = await response.json() as { id: string };
    const client = await new Client(system.url, { auth: { token } }).connected();
    await client.join(chatId);
    const bystander = new Bystander(system, chatId, client);
    await bystander.send();
    bystander.#before = await bystander.#state();
    return bystander;
  }

  /** What the hostile clients themselves have made by right is not what is looked for: from now on. */
  async begin(): Promise<void> {
    this.#before = await this.#state();
  }

  /** Fails when anybody but the hostile client has noticed anything. */
  async noticesNothing(): Promise<void> {
    expect(this.#client.socket.connected).toBe(true);
    await this.send();
    const after = await waitFor(() => this.#state(), { what: 'the state of the system' });
    const before = this.#before;
    this.#before = after;
    if (before === undefined) throw new Error('not begun');
    // The message of its own, and its entry in the log.
    const rows = { ...before.rows, 'message.message': (before.rows['message.message'] ?? 0) + 1, 'message.chat_log': (before.rows['message.chat_log'] ?? 0) + 1 };
    expect(after).toEqual({ ...before, rows });
  }

  async send(): Promise<void> {
    const text = `still here ${performance.now()}`;
    expect(await this.#client.ask('sendMessage', { chatId: this.chatId, message: { text } })).toMatchObject({ event: 'messageSent', data: { text } });
    await waitFor(() => this.#client.payloads('newMessage').some((message) => JSON.stringify(message).includes(text)), { what: 'the message to be heard' });
  }

  async stop(): Promise<void> {
    this.#client.close();
    await this.system.stop();
  }

  async #state(): Promise<State> {
    const processes = (await this.system.processes()).map(({ name, pid }) => `${name} ${String(pid)}`).sort();
    const metrics = await scrape(this.system, 'gateway');
    const counts = TABLES.map((table) => `(SELECT count(*)::integer FROM ${table}) AS "${table}"`).join(', ');
    const rows = await withDatabase(this.system, async (database) => (await database.query<Record<string, number>>(`SELECT ${counts}`)).rows[0] ?? {});
    return { processes, reconnections: metrics.sum('switchboard_nats_reconnections_total'), rows };
  }
}

const BYSTANDER = '900000';

/** As they are when nobody sets them. */
const DEFAULT_LIMITS = { RATE_LIMIT_EVENTS: '', RATE_LIMIT_ADDRESS: '', RATE_LIMIT_CONNECTS: '', MAX_SOCKETS_PER_USER: '', MAX_CONNECTIONS_PER_ADDRESS: '' };
