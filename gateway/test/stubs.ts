import { randomUUID } from 'node:crypto';
import { Bus, type Handler } from '@switchboard/shared/bus';
import { newTrace } from '@switchboard/shared/telemetry';
import {
  chatContracts,
  chatHeads,
  logEntry,
  messageContracts,
  messageHeads,
  newMessage,
  presenceContracts,
  type Actor,
  type LogEntry,
  type Message,
  type PayloadOf,
  type ReplyOf,
  type RoomEventContract,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { silent, type TestNats } from '@switchboard/infra/test';
import { aMessage, owner } from './given.ts';

type DurableOwner = 'chat' | 'message';

const signalOf = { chat: chatHeads, message: messageHeads };

/** A chat as its two owners know it: their logs, published or not. */
export class StubChat {
  readonly id = randomUUID();
  readonly log: Record<DurableOwner, LogEntry[]> = { chat: [], message: [] };
  readonly #stubs: Stubs;

  constructor(stubs: Stubs) {
    this.#stubs = stubs;
  }

  get revs(): { chat: number; message: number } {
    return { chat: this.log.chat.length, message: this.log.message.length };
  }

  get messages(): Message[] {
    return this.log.message.flatMap(({ event, payload }) =>
      event === newMessage.event ? newMessage.payload.parse(payload) : [],
    );
  }

  /** Commits an entry without publishing it. */
  append<C extends RoomEventContract>(contract: C, payload: PayloadOf<C>): LogEntry {
    if (contract.owner === 'presence') throw new Error('presence has no log');
    const log = this.log[contract.owner];
    const entry = logEntry(contract, log.length + 1, payload);
    log.push(entry);
    return entry;
  }

  appendMessage(sender: Actor = owner): LogEntry {
    return this.append(newMessage, aMessage(this.id, this.messages.length + 1, sender));
  }

  /** Publishes entries of the log, each time it is called. */
  publish(...entries: LogEntry[]): void {
    for (const entry of entries) {
      const by: DurableOwner = this.log.chat.includes(entry) ? 'chat' : 'message';
      this.#stubs[by].publishEntry(by, this.id, entry, newTrace());
    }
  }

  /** Commits messages and publishes them. */
  publishMessages(count = 1, sender: Actor = owner): void {
    for (let n = 0; n < count; n++) this.publish(this.appendMessage(sender));
  }

  announceHead(by: DurableOwner): void {
    this.#stubs[by].signal(signalOf[by], { heads: [{ chatId: this.id, rev: this.revs[by] }] });
  }
}

/** What presence-service received, in order. */
export interface PresenceCall {
  readonly what: 'enter' | 'left' | 'dropped';
  readonly socket: string | undefined;
  readonly user: number;
  readonly chatId: string;
}

/**
 * The three services as the gateway sees them: contracts served on the real NATS, each under its own user.
 * A test may replace their handlers.
 */
export class Stubs {
  readonly chat: Bus;
  readonly message: Bus;
  readonly presence: Bus;
  readonly #chats = new Map<string, StubChat>();
  readonly logReads: { owner: DurableOwner; after: number }[] = [];
  readonly presenceCalls: PresenceCall[] = [];
  /** The `isTyping` of each forwarded event, in order. */
  readonly typing: boolean[] = [];
  leases = 0;
  /** The lease that presence-service returns. */
  leaseId = randomUUID();

  // A test may replace these handlers.
  getChat: Handler<typeof chatContracts.getChat> = ({ chatId }) => {
    this.#require(chatId);
    return Promise.resolve({
      id: chatId,
      clientId: owner.id,
      status: 'ACTIVE',
      createdAt: '2026-01-02T03:04:05.678Z',
      updatedAt: '2026-01-02T03:04:05.678Z',
    });
  };
  openChat: Handler<typeof chatContracts.openChat> = (_payload, context) =>
    this.getChat({ chatId: this.newChat().id }, context);
  sendMessage: Handler<typeof messageContracts.sendMessage> = ({ chatId, message }, { actor }) => {
    const chat = this.#require(chatId);
    const entry = chat.append(newMessage, {
      ...aMessage(chatId, chat.messages.length + 1, actor),
      text: message.text,
    });
    chat.publish(entry);
    return Promise.resolve(newMessage.payload.parse(entry.payload));
  };
  joinChat: Handler<typeof messageContracts.joinChat> = ({ chatId }) => {
    const { messages, revs } = this.#require(chatId);
    return Promise.resolve({ chatId, status: 'ACTIVE', messages, revs });
  };
  readLog: (by: DurableOwner) => Handler<typeof messageContracts.readLog> =
    (by) =>
    ({ chatId, after, limit }) => {
      this.logReads.push({ owner: by, after });
      return Promise.resolve({
        entries: this.#require(chatId).log[by].slice(after, after + limit),
        hasMore: false,
      });
    };
  readHeads: (by: DurableOwner) => Handler<typeof messageContracts.readHeads> =
    (by) =>
    ({ chatIds }) =>
      Promise.resolve({ heads: chatIds.map((chatId) => ({ chatId, rev: this.#require(chatId).revs[by] })) });
  enterChat: Handler<typeof presenceContracts.enterChat> = () => Promise.resolve({ leaseId: this.leaseId });
  renewLease: Handler<typeof presenceContracts.renewLease> = () => Promise.resolve({ leaseId: this.leaseId });
  readonly revocations: ReplyOf<typeof presenceContracts.readRevocations>['revocations'] = [];
  areRevocationsAway = false;
  revoke: Handler<typeof presenceContracts.revoke> = (revoked) => Promise.resolve(this.revoked(revoked));
  leaveChat: Handler<typeof presenceContracts.leaveChat> = ({ chatId }) => Promise.resolve(chatId);
  uploadFile: Handler<typeof messageContracts.uploadFile> = () => Promise.reject(new Failure('UNAVAILABLE'));
  downloadFile: Handler<typeof messageContracts.downloadFile> = () =>
    Promise.reject(new Failure('FILE_NOT_FOUND'));
  downloadSignedFile: Handler<typeof messageContracts.downloadSignedFile> = () =>
    Promise.reject(new Failure('FILE_NOT_FOUND'));

  private constructor(chat: Bus, message: Bus, presence: Bus) {
    this.chat = chat;
    this.message = message;
    this.presence = presence;
  }

  static async start(nats: TestNats): Promise<Stubs> {
    const connect = (user: 'chat-service' | 'message-service' | 'presence-service') =>
      Bus.connect({ url: nats.url(user), user, logger: silent });
    const stubs = new Stubs(
      ...(await Promise.all([
        connect('chat-service'),
        connect('message-service'),
        connect('presence-service'),
      ])),
    );
    stubs.#serve();
    await Promise.all(stubs.all.map((bus) => bus.flush()));
    return stubs;
  }

  get all(): Bus[] {
    return [this.chat, this.message, this.presence];
  }

  /** `at`: milliseconds since 1970. */
  revoked(revoked: { userId?: number | undefined; jti?: string | undefined }, at = Date.now()) {
    const revocation = {
      ...revoked,
      revokedAt: new Date(at).toISOString(),
      until: new Date(at + 3_600_000).toISOString(),
    };
    this.revocations.push({ ...revocation, position: this.revocations.length + 1 });
    return revocation;
  }

  newChat(): StubChat {
    const chat = new StubChat(this);
    this.#chats.set(chat.id, chat);
    return chat;
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((bus) => bus.close().catch(() => undefined)));
  }

  #require(chatId: string): StubChat {
    const chat = this.#chats.get(chatId);
    if (chat === undefined) throw new Failure('CHAT_NOT_FOUND');
    return chat;
  }

  #serve(): void {
    const ready = () => Promise.resolve({ ready: true as const });
    const { getChat, openChat } = chatContracts;
    this.chat.serve(
      {
        getChat,
        openChat,
        readLog: chatContracts.readLog,
        readHeads: chatContracts.readHeads,
        ping: chatContracts.ping,
      },
      {
        getChat: (payload, context) => this.getChat(payload, context),
        openChat: (payload, context) => this.openChat(payload, context),
        readLog: (payload, context) => this.readLog('chat')(payload, context),
        readHeads: (payload, context) => this.readHeads('chat')(payload, context),
        ping: ready,
      },
    );
    const { sendMessage, joinChat, uploadFile, downloadFile, downloadSignedFile, readLog, readHeads, ping } =
      messageContracts;
    this.message.serve(
      { sendMessage, joinChat, uploadFile, downloadFile, downloadSignedFile, readLog, readHeads, ping },
      {
        sendMessage: (payload, context) => this.sendMessage(payload, context),
        joinChat: (payload, context) => this.joinChat(payload, context),
        uploadFile: (payload, context) => this.uploadFile(payload, context),
        downloadFile: (payload, context) => this.downloadFile(payload, context),
        downloadSignedFile: (payload, context) => this.downloadSignedFile(payload, context),
        readLog: (payload, context) => this.readLog('message')(payload, context),
        readHeads: (payload, context) => this.readHeads('message')(payload, context),
        ping: ready,
      },
    );
    this.presence.serve(presenceContracts, {
      enterChat: (payload, context) => {
        this.presenceCalls.push({
          what: 'enter',
          socket: context.socket?.id,
          user: context.actor.id,
          chatId: payload.chatId,
        });
        return this.enterChat(payload, context);
      },
      leaveChat: (payload, context) => {
        this.presenceCalls.push({
          what: payload.how,
          socket: context.socket?.id,
          user: context.actor.id,
          chatId: payload.chatId,
        });
        return this.leaveChat(payload, context);
      },
      setTyping: (payload) => {
        this.typing.push(payload.isTyping);
        return Promise.resolve(payload);
      },
      listActiveUsers: ({ chatId }) => Promise.resolve({ chatId, userIds: [owner.id] }),
      renewLease: (payload, context) => {
        this.leases += 1;
        return this.renewLease(payload, context);
      },
      revoke: (payload, context) => this.revoke(payload, context),
      readRevocations: ({ after }) =>
        this.areRevocationsAway
          ? Promise.reject(new Failure('UNAVAILABLE'))
          : Promise.resolve({
              revocations: this.revocations.filter(({ position }) => position > after),
              hasMore: false,
            }),
      ping: ready,
    });
  }
}
