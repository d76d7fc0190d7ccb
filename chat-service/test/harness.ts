import { Bus } from '@switchboard/shared/bus';
import {
  chatContracts,
  messageContracts,
  type Actor,
  type ChatFacts,
  type PayloadOf,
  type Placement,
  type ReplyOf,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import {
  createDatabase,
  silent,
  startNats,
  waitFor,
  type TestDatabase,
  type TestNats,
} from '@switchboard/infra/test';
import { createChatService } from '../src/app.ts';
import { Config } from '../src/config.ts';
import { databaseOptions } from '../src/store/database.ts';

export type Change = Omit<PayloadOf<typeof chatContracts.updateChat>, 'chatId'>;

export const admin: Actor = { id: 1, email: 'one@x.y', role: 'admin' };
export const otherAdmin: Actor = { id: 2, email: 'two@x.y', role: 'admin' };
let lastClient = 1000;
export const aClient = (): Actor => ({ id: ++lastClient, email: 'c@x.y', role: 'client' });

/** Where the stub places every entry. */
export const AFTER = { afterSeq: 7, afterRev: 9 };

/** A stub of message-service, which applies chats once its gate is open. */
export interface MessageService {
  readonly bus: Bus;
  readonly applied: ChatFacts[];
  /** Awaited before a chat is applied. */
  gate: () => Promise<void>;
  /** undefined: the stub is of an earlier version. */
  after: Omit<Placement, 'rev'> | undefined;
  stop(): Promise<void>;
}

export async function startMessageService(nats: TestNats): Promise<MessageService> {
  const bus = await Bus.connect({
    url: nats.url('message-service'),
    user: 'message-service',
    logger: silent,
  });
  const service: MessageService = {
    bus,
    applied: [],
    gate: () => Promise.resolve(),
    after: AFTER,
    stop: () => bus.close(),
  };
  const { applyChat } = messageContracts;
  bus.serve(
    { applyChat },
    {
      applyChat: async ({ chat, since = chat.version }) => {
        await service.gate();
        service.applied.push(chat);
        const revs = Array.from({ length: chat.version - since }, (_, index) => since + 1 + index);
        const { after } = service;
        return { version: chat.version, placements: after && revs.map((rev) => ({ rev, ...after })) };
      },
    },
  );
  await bus.flush();
  return service;
}

/** Two replicas of chat-service on real NATS and Postgres, and the bus of a gateway. */
export class Harness {
  readonly nats: TestNats;
  readonly database: TestDatabase;
  readonly gateway: Bus;
  readonly #stops: (() => Promise<void>)[];

  private constructor(nats: TestNats, database: TestDatabase, gateway: Bus, stops: (() => Promise<void>)[]) {
    this.nats = nats;
    this.database = database;
    this.gateway = gateway;
    this.#stops = stops;
  }

  static async start(): Promise<Harness> {
    const [nats, database] = await Promise.all([startNats(), createDatabase()]);
    await migrate(createDataSource(databaseOptions(database.url('chat_migrator'))), 'chat');
    const config = Config.parse({
      NATS_URL: nats.url('chat-service'),
      CHAT_DATABASE_URL: database.url('chat_service'),
    });
    const services = await Promise.all([
      createChatService(config, silent),
      createChatService(config, silent),
    ]);
    for (const { url } of services)
      await waitFor(async () => (await fetch(`${url}/readyz`)).ok, { what: 'chat-service to be ready' });
    const gateway = await Bus.connect({ url: nats.url('gateway'), user: 'gateway', logger: silent });
    return new Harness(
      nats,
      database,
      gateway,
      services.map((service) => () => service.stop()),
    );
  }

  async stop(): Promise<void> {
    await this.gateway.close();
    await Promise.all(this.#stops.map((stop) => stop()));
    await this.nats.stop();
    await this.database.drop();
  }

  open(
    actor: Actor,
    clientId?: number,
    idempotencyKey?: string,
  ): Promise<ReplyOf<typeof chatContracts.openChat>> {
    return this.gateway.request(chatContracts.openChat, { clientId, idempotencyKey }, { actor });
  }

  get(actor: Actor, chatId: string): Promise<ReplyOf<typeof chatContracts.getChat>> {
    return this.gateway.request(chatContracts.getChat, { chatId }, { actor });
  }

  update(actor: Actor, chatId: string, change: Change): Promise<ReplyOf<typeof chatContracts.updateChat>> {
    return this.gateway.request(chatContracts.updateChat, { chatId, ...change }, { actor });
  }

  list(
    actor: Actor,
    filter: PayloadOf<typeof chatContracts.listChats> = {},
  ): Promise<ReplyOf<typeof chatContracts.listChats>> {
    return this.gateway.request(chatContracts.listChats, filter, { actor });
  }

  log(chatId: string, after = 0, limit = 100): Promise<ReplyOf<typeof chatContracts.readLog>> {
    return this.gateway.request(chatContracts.readLog, { chatId, after, limit });
  }
}

/** The failure that a request ends with. */
export async function failureOf(request: Promise<unknown>): Promise<Failure> {
  const outcome: unknown = await request.catch((error: unknown) => error);
  if (outcome instanceof Failure) return outcome;
  throw new Error(`expected a failure, got ${JSON.stringify(outcome)}`);
}
