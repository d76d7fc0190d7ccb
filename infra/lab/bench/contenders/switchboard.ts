import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chat } from '@switchboard/shared/contracts';
import { z } from 'zod';
import { databaseUrl, withClient } from '../../../dev/processes/postgres-setup.ts';
import { readSecrets } from '../../../dev/secrets.ts';
import {
  startSystem,
  type SystemOptions,
  type TestSystem,
  type TokenSubject,
} from '../../../test/helpers/index.ts';
import type { Store } from './baseline.ts';
import type { Contender, Seat } from './contender.ts';

/** Limits stay on, as in production, but out of reach: here one address holds many clients. */
const OUT_OF_REACH = '1000000';
const limits = Object.fromEntries(
  ['EVENTS', 'ADDRESS', 'CONNECTS'].map((limit) => [`RATE_LIMIT_${limit}`, OUT_OF_REACH]),
);
const LIMITS = { ...limits, MAX_SOCKETS_PER_USER: OUT_OF_REACH, MAX_CONNECTIONS_PER_ADDRESS: OUT_OF_REACH };
const CHATS_AT_ONCE = 16;
const Ports = z.object({ postgres: z.number() });

/** The whole system, as `npm start` runs it. */
export class Switchboard implements Contender {
  readonly name = 'switchboard';
  readonly processes: ReadonlyMap<string, number>;
  readonly edgePid: number;
  readonly system: TestSystem;
  #users = 0;

  private constructor(system: TestSystem, processes: ReadonlyMap<string, number>) {
    this.system = system;
    this.processes = processes;
    this.edgePid = this.pidOf('gateway');
  }

  static async start({ env, ...options }: SystemOptions = {}): Promise<Switchboard> {
    const system = await startSystem({ ...options, env: { ...LIMITS, ...env } });
    return new Switchboard(system, new Map((await system.processes()).map(({ name, pid }) => [name, pid])));
  }

  pidOf(name: string): number {
    const pid = this.processes.get(name);
    if (pid === undefined) throw new Error(`switchboard: the process ${name} is not running`);
    return pid;
  }

  /** Connects as the superuser. */
  databaseUrl(database = 'switchboard'): string {
    const { dataDir } = this.system;
    const { postgres: port } = Ports.parse(JSON.parse(readFileSync(join(dataDir, 'ports.json'), 'utf8')));
    return databaseUrl('postgres', readSecrets(dataDir)?.postgres.postgres ?? '', port, database);
  }

  /** Creates the database of `bare`. */
  async storeForBare(): Promise<Store> {
    await withClient(this.databaseUrl('postgres'), (client) => client.query('CREATE DATABASE bare'));
    return { url: this.databaseUrl('bare'), pid: this.pidOf('postgres') };
  }

  /** A chat's members are its client and admins, all on one gateway; chats rotate over the gateways. */
  async openChats(chats: number, members: number): Promise<Seat[][]> {
    const opened: Seat[][] = [];
    while (opened.length < chats) {
      const batch = Array.from({ length: Math.min(CHATS_AT_ONCE, chats - opened.length) }, (_, index) =>
        this.#openChat(members, opened.length + index),
      );
      opened.push(...(await Promise.all(batch)));
    }
    return opened;
  }

  async #openChat(members: number, index: number): Promise<Seat[]> {
    const { urls } = this.system;
    const url = urls[index % urls.length] ?? this.system.url;
    const seats = Array.from({ length: members }, (_, member) => ({
      url,
      auth: { token: this.token(member === 0 ? 'client' : 'admin') },
    }));
    const response = await fetch(`${url}/api/v1/chats`, {
      method: 'POST',
      headers: { authorization: `Bearer ${seats[0]?.auth.token ?? ''}` },
    });
    const { id: chatId } = Chat.parse(await response.json());
    return seats.map((seat) => ({ ...seat, chatId }));
  }

  /** Creates a user and returns its token. */
  token(role: TokenSubject['role']): string {
    const id = ++this.#users;
    return this.system.token({ id, role, email: `client${String(id)}@example.com` });
  }

  stop(): Promise<void> {
    return this.system.stop();
  }
}
