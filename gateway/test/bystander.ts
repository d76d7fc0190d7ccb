import { expect } from '@jest/globals';
import jwt from 'jsonwebtoken';
import {
  openDatabase,
  scrape,
  startSystem,
  waitFor,
  type SystemDatabase,
  type TestSystem,
} from '@switchboard/infra/test';
import { Client } from './client.ts';

/** The tables that requests change. Excludes projections, which change at any time. */
const TABLES = [
  'chat.chat',
  'chat.chat_log',
  'message.message',
  'message.message_read',
  'message.file',
  'message.chat_log',
  'presence.revocation',
];

/** What no attack may change: the processes, their NATS connections and the row counts. */
interface State {
  readonly processes: readonly string[];
  readonly reconnections: number;
  readonly rows: Readonly<Record<string, number>>;
}

/**
 * The whole system with its default limits, and well-behaved users. After every attack one of them sends a
 * message and another receives it. Nothing else may have changed.
 */
export class Bystander {
  readonly system: TestSystem;
  readonly chatId: string;
  /** Members of one chat. They send one after the other, so that none exceeds the rate limit. */
  readonly #members: readonly Client[];
  readonly #database: SystemDatabase;
  #sends = 0;
  #before: State | undefined;

  private constructor(
    system: TestSystem,
    chatId: string,
    members: readonly Client[],
    database: SystemDatabase,
  ) {
    this.#database = database;
    this.system = system;
    this.chatId = chatId;
    this.#members = members;
  }

  static async start(environment: Record<string, string> = {}): Promise<Bystander> {
    const system = await startSystem({
      env: { ...DEFAULT_LIMITS, OTEL_METRICS_EXPORTER: 'prometheus', ...environment },
    });
    const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = environment;
    const tokenOf = (subject: string, role: 'client' | 'admin') =>
      jwt.sign(
        {
          email: `bystander${subject}@example.com`,
          role,
          ...(issuer && { iss: issuer }),
          ...(audience && { aud: audience }),
        },
        system.jwtSecret,
        { subject, expiresIn: '1h' },
      );
    const tokens = [tokenOf('900000', 'client'), tokenOf('900001', 'admin'), tokenOf('900002', 'admin')];
    const response = await fetch(`${system.url}/api/v1/chats`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens[0] ?? ''}` },
    });
    const { id: chatId } = (await response.json()) as { id: string };
    const members = await Promise.all(
      tokens.map(async (token) => {
        const client = await new Client(system.url, { auth: { token } }).connected();
        await client.join(chatId);
        return client;
      }),
    );
    const bystander = new Bystander(system, chatId, members, await openDatabase(system));
    await bystander.send();
    bystander.#before = await bystander.#state();
    return bystander;
  }

  /** Stores the current state as the baseline: attackers may have created rows legitimately. */
  async begin(): Promise<void> {
    this.#before = await this.#state();
  }

  /** Fails when an attack changed anything outside the attacker's own socket. */
  async noticesNothing(): Promise<void> {
    expect(this.#members.map(({ socket }) => socket.connected)).toEqual(this.#members.map(() => true));
    await this.send();
    const after = await waitFor(() => this.#state(), { what: 'the state of the system' });
    const before = this.#before;
    this.#before = after;
    if (before === undefined) throw new Error('bystander: call begin first');
    // The bystander's own message, and its log entry.
    const rows = {
      ...before.rows,
      'message.message': (before.rows['message.message'] ?? 0) + 1,
      'message.chat_log': (before.rows['message.chat_log'] ?? 0) + 1,
    };
    expect(after).toEqual({ ...before, rows });
  }

  /** One member sends a message, and the next receives it. */
  async send(): Promise<void> {
    const [sender, receiver] = [0, 1].map(
      (offset) => this.#members[(this.#sends + offset) % this.#members.length],
    );
    if (sender === undefined || receiver === undefined) throw new Error('bystander: no members');
    this.#sends += 1;
    const text = `still here ${performance.now()}`;
    expect(await sender.request('sendMessage', { chatId: this.chatId, message: { text } })).toMatchObject({
      event: 'messageSent',
      data: { text },
    });
    await waitFor(
      () => receiver.payloads('newMessage').some((message) => JSON.stringify(message).includes(text)),
      { what: 'the message to be received', everyMs: 5 },
    );
    for (const { received } of this.#members) received.splice(0);
  }

  async stop(): Promise<void> {
    for (const client of this.#members) client.close();
    await this.#database.end();
    await this.system.stop();
  }

  async #state(): Promise<State> {
    const processes = (await this.system.processes()).map(({ name, pid }) => `${name} ${String(pid)}`).sort();
    const metrics = await scrape(this.system, 'gateway');
    const counts = TABLES.map((table) => `(SELECT count(*)::integer FROM ${table}) AS "${table}"`).join(', ');
    const { rows } = await this.#database.query<Record<string, number>>(`SELECT ${counts}`);
    const reconnections = metrics.sum('switchboard_nats_reconnections_total');
    return { processes, reconnections, rows: rows[0] ?? {} };
  }
}

/** Empty: the gateway uses its defaults. */
const DEFAULT_LIMITS = {
  RATE_LIMIT_EVENTS: '',
  RATE_LIMIT_ADDRESS: '',
  RATE_LIMIT_CONNECTS: '',
  MAX_SOCKETS_PER_USER: '',
  MAX_CONNECTIONS_PER_ADDRESS: '',
};
