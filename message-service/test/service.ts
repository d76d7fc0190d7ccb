import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bus } from '@switchboard/shared/bus';
import {
  chatContracts,
  messageContracts,
  type Actor,
  type ChatFacts,
  type LogEntry,
  type Message,
  type NewMessage,
} from '@switchboard/shared/contracts';
import { Failure, type ErrorCode } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import { silent, startNats, type TestNats } from '@switchboard/infra/test';
import { createMessageService } from '../src/app.ts';
import { Config } from '../src/config.ts';
import { createMessageDatabase, type MessageDatabase } from './database.ts';
import { aChat, owner } from './given.ts';

/** Replies to message-service in place of chat-service. */
export class ChatServiceStub {
  readonly chats = new Map<string, ChatFacts>();
  readonly lookedUp: string[] = [];
  /** The log of each chat. */
  readonly logs = new Map<string, LogEntry[]>();
  readonly bus: Bus;
  #isStopped = false;

  private constructor(bus: Bus) {
    this.bus = bus;
  }

  static async start(nats: TestNats): Promise<ChatServiceStub> {
    const stub = new ChatServiceStub(
      await Bus.connect({ url: nats.url('chat-service'), user: 'chat-service', logger: silent }),
    );
    const { lookUpChat, readChanges, readLogNow } = chatContracts;
    stub.bus.serve(
      { lookUpChat, readChanges, readLogNow },
      {
        lookUpChat: ({ chatId }) => {
          stub.lookedUp.push(chatId);
          return Promise.resolve({ chat: stub.chats.get(chatId) });
        },
        readChanges: () => Promise.resolve({ chats: [], hasMore: false }),
        readLogNow: ({ chatId, after, limit }) => {
          const entries = (stub.logs.get(chatId) ?? []).slice(after, after + limit);
          return Promise.resolve({ entries, hasMore: entries.length === limit });
        },
      },
    );
    await stub.bus.flush();
    return stub;
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.bus.close();
  }

  /** Opens a chat that is not yet in message-service's projection. */
  open(facts: Partial<ChatFacts> = {}): string {
    const chat = aChat(facts);
    this.chats.set(chat.id, chat);
    return chat.id;
  }
}

export interface TestMessageService {
  readonly url: string;
  readonly nats: TestNats;
  readonly database: MessageDatabase;
  readonly filesDir: string;
  readonly chatService: ChatServiceStub;
  /** Sends requests as a gateway. */
  readonly gateway: Bus;
  send(chatId: string, message: NewMessage, actor?: Actor): Promise<Message>;
  stop(): Promise<void>;
}

/** The whole service with its own NATS and database, a stub of chat-service and a gateway's connection. */
export async function startMessageService(
  environment: Record<string, string> = {},
  logger: Logger = silent,
): Promise<TestMessageService> {
  const [nats, database, filesDir] = await Promise.all([
    startNats(),
    createMessageDatabase(),
    mkdtemp(join(tmpdir(), 'switchboard-files-')),
  ]);
  const chatService = await ChatServiceStub.start(nats);
  const config = Config.parse({
    NATS_URL: nats.url('message-service'),
    MESSAGE_DATABASE_URL: database.url('message_service'),
    PUBLIC_URL: 'https://chat.example/',
    FILE_URL_SECRET: 'a secret of thirty-two bytes, or so',
    FILES_DIR: filesDir,
    RATE_LIMIT_EVENTS: '0',
    ...environment,
  });
  const service = await createMessageService(config, logger);
  const gateway = await Bus.connect({ url: nats.url('gateway'), user: 'gateway', logger: silent });
  return {
    url: service.url,
    nats,
    database,
    filesDir,
    chatService,
    gateway,
    send: (chatId, message, actor = owner) =>
      gateway.request(messageContracts.sendMessage, { chatId, message }, { actor }),
    async stop() {
      await gateway.close();
      await service.stop();
      await chatService.stop();
      await database.drop();
      await nats.stop();
      await rm(filesDir, { recursive: true });
    },
  };
}

/** The code with which a request fails; undefined if it succeeds. */
export async function refusal(request: Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}
