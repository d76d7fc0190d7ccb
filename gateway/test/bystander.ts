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
  /** Members of one chat who send in turn: none of them faster than a person may. */
  readonly #members: readonly Client[];
  #turn = 0;
  #before: State | undefined;

  private constructor(system: TestSystem, chatId: string, members: readonly Client[]) {
    this.system = system;
    this.chatId = chatId;
    this.#members = members;
  }

  static async start(environment: Record<string, string> = {}): Promise<Bystander> {
    const system = await startSystem({ env: { ...DEFAULT_LIMITS, OTEL_METRICS_EXPORTER: 'prometheus', ...environment } });
    const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = environment;
    const tokenOf = (subject: string, role: 'client' | 'admin') => jwt.sign(
      { email: `bystander${subject}@example.com`, role, ...(issuer && { iss: issuer }), ...(audience && { aud: audience }) }, system.jwtSecret, { subject, expiresIn: '1h' });
    const tokens = [tokenOf('900000', 'client'), tokenOf('900001', 'admin'), tokenOf('900002', 'admin')];
    const response = await fetch(`${system.url}/api/v1/chats`, { method: 'POST', headers: { authorization: `Bearer ${tokens[0] ?? ''}` } });
    const { id: chatId } = await response.json() as { id: string };
    const members = await Promise.all(tokens.map(async (token) => {
      const client = await new Client(system.url, { auth: { token } }).connected();
      await client.join(chatId);
      return client;
    }));
    const bystander = new Bystander(system, chatId, members);
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
    expect(this.#members.map(({ socket }) => socket.connected)).toEqual(this.#members.map(() => true));
    await this.send();
    const after = await waitFor(() => this.#state(), { what: 'the state of the system' });
    const before = this.#before;
    this.#before = after;
    if (before === undefined) throw new Error('not begun');
    // The message of its own, and its entry in the log.
    const rows = { ...before.rows, 'message.message': (before.rows['message.message'] ?? 0) + 1, 'message.chat_log': (before.rows['message.chat_log'] ?? 0) + 1 };
    expect(after).toEqual({ ...before, rows });
  }

  /** One says something, and the next hears it. */
  async send(): Promise<void> {
    const [sender, hearer] = [0, 1].map((offset) => this.#members[(this.#turn + offset) % this.#members.length]);
    if (sender === undefined || hearer === undefined) throw new Error('nobody is there');
    this.#turn += 1;
    const text = `still here ${performance.now()}`;
    expect(await sender.ask('sendMessage', { chatId: this.chatId, message: { text } })).toMatchObject({ event: 'messageSent', data: { text } });
    await waitFor(() => hearer.payloads('newMessage').some((message) => JSON.stringify(message).includes(text)), { what: 'the message to be heard', everyMs: 5 });
    for (const { heard } of this.#members) heard.splice(0);
  }

  async stop(): Promise<void> {
    for (const client of this.#members) client.close();
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

/** As they are when nobody sets them. */
const DEFAULT_LIMITS = { RATE_LIMIT_EVENTS: '', RATE_LIMIT_ADDRESS: '', RATE_LIMIT_CONNECTS: '', MAX_SOCKETS_PER_USER: '', MAX_CONNECTIONS_PER_ADDRESS: '' };
