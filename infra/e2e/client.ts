import { Chat, type chatStatusChanged, type JoinedChat, type messageContracts, type messagesRead, type newMessage, type participantUpdate, type PayloadOf, type presenceContracts, type ReplyOf, type userTyping } from '@switchboard/shared/contracts';
import { io, type Socket } from 'socket.io-client';
import { waitFor, type TestSystem, type TokenSubject } from '../testing/index.ts';

/** What each event of a client is answered with. */
export interface Replies {
  joinChat: JoinedChat;
  leaveChat: string;
  sendMessage: ReplyOf<typeof messageContracts.sendMessage>;
  typing: PayloadOf<typeof presenceContracts.setTyping>;
  readMessages: ReplyOf<typeof messageContracts.readMessages>;
  getActiveUsers: ReplyOf<typeof presenceContracts.listActiveUsers>;
}

/** What the server emits. */
export interface Events {
  newMessage: PayloadOf<typeof newMessage>;
  userTyping: PayloadOf<typeof userTyping>;
  messagesRead: PayloadOf<typeof messagesRead>;
  participantUpdate: PayloadOf<typeof participantUpdate>;
  chatStatusChanged: PayloadOf<typeof chatStatusChanged>;
  joinedChat: Replies['joinChat'];
  leftChat: string;
  messageSent: Replies['sendMessage'];
  messagesMarkedRead: Replies['readMessages'];
  activeUsers: Replies['getActiveUsers'];
  typing: Replies['typing'];
  error: string;
}

export interface Reply<Data> {
  event: string;
  data: Data;
  code?: string;
  retryable?: boolean;
  traceId?: string;
  details?: unknown;
}

type Heard = { [Name in keyof Events]: { event: Name; args: [Events[Name], ...unknown[]] } }[keyof Events];

/** A socket.io client that remembers all it hears. */
export class TestClient {
  readonly socket: Socket;
  readonly heard: Heard[] = [];

  constructor(url: string, auth: Record<string, unknown>, options: Parameters<typeof io>[1] = {}) {
    this.socket = io(url, { auth, forceNew: true, transports: ['websocket'], reconnection: false, ...options });
    this.socket.onAny((event: Heard['event'], ...args: Heard['args']) => { this.heard.push({ event, args } as Heard); });
  }

  async connected(): Promise<this> {
    await waitFor(() => this.socket.connected, { what: 'the client to connect' });
    return this;
  }

  /** Emits with an acknowledgement callback. */
  ask<Event extends keyof Replies>(event: Event, ...args: unknown[]): Promise<Reply<Replies[Event]>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`no answer to ${event}`)); }, 5_000);
      this.socket.emit(event, ...args, (reply: Reply<Replies[Event]>) => {
        clearTimeout(timer);
        resolve(reply);
      });
    });
  }

  /** All payloads of one event, in the order in which they were heard. */
  payloads<Event extends keyof Events>(event: Event): Events[Event][] {
    return this.heard.flatMap((one) => (one.event === event ? [one.args[0] as Events[Event]] : []));
  }

  /** The first payload of `event` that matches, waiting for it. */
  hears<Event extends keyof Events>(event: Event, matches: (payload: Events[Event]) => boolean = () => true, timeoutMs = 5_000): Promise<Events[Event]> {
    return waitFor(() => this.payloads(event).find(matches), { what: `${event}; heard ${JSON.stringify(this.heard)}`, timeoutMs });
  }

  /** What was published to the chat before now has been heard: an event of ours has come around behind it. */
  async settled(chatId: string): Promise<void> {
    await this.ask('getActiveUsers', chatId);
  }

  close(): void {
    this.socket.disconnect();
  }
}

/** Clients of one test, all closed after it. */
export class Clients {
  readonly #system: TestSystem;
  readonly #open: TestClient[] = [];

  constructor(system: TestSystem) {
    this.#system = system;
  }

  async connect(subject: TokenSubject, gateway = 0, options: Parameters<typeof io>[1] = {}): Promise<TestClient> {
    const client = new TestClient(this.#system.urls[gateway] ?? '', { token: this.#system.token(subject) }, options);
    this.#open.push(client);
    return client.connected();
  }

  closeAll(): void {
    for (const client of this.#open.splice(0)) client.close();
  }
}

/** Asks the HTTP API with a user's token; the body of the answer is read as JSON. */
export async function http(
  system: TestSystem,
  subject: Parameters<TestSystem['token']>[0] | undefined,
  method: string,
  path: string,
  body?: unknown,
  gateway = 0,
): Promise<{ status: number; body: unknown; type: string | null }> {
  const response = await fetch(`${system.urls[gateway] ?? ''}/api/v1${path}`, {
    method,
    headers: {
      ...(subject === undefined ? {} : { authorization: `Bearer ${system.token(subject)}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  return { status: response.status, body: answer, type: response.headers.get('content-type') };
}

let lastUser = 1000;
/** Users nobody else in this process uses. */
export const aClient = (): TokenSubject => ({ id: ++lastUser, role: 'client', email: `client${lastUser}@example.com` });
export const anAdmin = (): TokenSubject => ({ id: ++lastUser, role: 'admin', email: `admin${lastUser}@example.com` });

export async function openChat(system: TestSystem, client: TokenSubject): Promise<string> {
  const { status, body } = await http(system, client, 'POST', '/chats');
  if (status !== 201) throw new Error(`a chat could not be opened: ${status} ${JSON.stringify(body)}`);
  return Chat.parse(body).id;
}
