import {
  Chat,
  edgeRequests,
  requestContracts,
  type ReplyEvents,
  type ServerToClientEvents,
  type SocketData,
  type SocketRequest,
} from '@switchboard/shared/contracts';
import { io, type Socket } from 'socket.io-client';
import { waitFor, type TestSystem, type TokenSubject } from '../helpers/index.ts';
import { eventProblems, replyProblems, responseProblems } from './published.ts';

type Emitted = ServerToClientEvents & ReplyEvents;
/** The first argument of each event that the server emits. */
type Events = { [E in keyof Emitted]: Parameters<Emitted[E]>[0] };

export interface Reply<Data> {
  event: string;
  data: Data;
  code?: string;
  retryable?: boolean;
  traceId?: string;
  details?: unknown;
}

type Received = { [Name in keyof Events]: { event: Name; args: [Events[Name], ...unknown[]] } }[keyof Events];

/** The events of the documents; tests also emit others. */
const offered = new Set<string>(
  [...requestContracts, ...edgeRequests].flatMap(({ socket }) => socket?.event ?? []),
);

/** A Socket.IO client that records the events it receives. */
export class TestClient {
  readonly socket: Socket;
  readonly received: Received[] = [];
  /** Where an event differs from the published documents. */
  readonly undocumented: string[] = [];

  constructor(url: string, auth: Record<string, unknown>, options: Parameters<typeof io>[1] = {}) {
    this.socket = io(url, {
      auth,
      forceNew: true,
      transports: ['websocket'],
      reconnection: false,
      ...options,
    });
    this.socket.onAny((event: Received['event'], ...args: Received['args']) => {
      // Every connection begins with `ready`; tests look at what follows.
      if (event !== 'ready') this.received.push({ event, args } as Received);
      this.undocumented.push(...eventProblems(event, args[0]));
    });
  }

  async connected(): Promise<this> {
    await waitFor(() => this.socket.connected, { what: 'the client to connect' });
    return this;
  }

  /** Emits with an acknowledgement callback. */
  request<Event extends SocketRequest>(event: Event, ...args: unknown[]): Promise<Reply<SocketData<Event>>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no reply to ${event}`));
      }, 10_000);
      this.socket.emit(event, ...args, (reply: Reply<SocketData<Event>>) => {
        clearTimeout(timer);
        const problems = offered.has(event) ? replyProblems(event, reply) : [];
        if (problems.length > 0) reject(new Error(problems.join('\n')));
        else resolve(reply);
      });
    });
  }

  /** All payloads of one event, in the order of arrival. */
  payloads<Event extends keyof Events>(event: Event): Events[Event][] {
    return this.received.flatMap((one) => (one.event === event ? [one.args[0] as Events[Event]] : []));
  }

  /** Waits for the first payload of `event` that matches. */
  receives<Event extends keyof Events>(
    event: Event,
    matches: (payload: Events[Event]) => boolean = () => true,
    timeoutMs = 10_000,
  ): Promise<Events[Event]> {
    return waitFor(() => this.payloads(event).find(matches), {
      what: `${event}; received ${JSON.stringify(this.received)}`,
      timeoutMs,
    });
  }

  /** Waits until everything published to the chat so far has arrived: a reply follows earlier events. */
  async receivedAll(chatId: string): Promise<void> {
    await this.request('getActiveUsers', chatId);
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

  async connect(
    subject: TokenSubject,
    gateway = 0,
    options: Parameters<typeof io>[1] = {},
  ): Promise<TestClient> {
    const client = new TestClient(
      this.#system.urls[gateway] ?? '',
      { token: this.#system.token(subject) },
      options,
    );
    this.#open.push(client);
    return client.connected();
  }

  /** Throws when a client received an event that the published documents describe otherwise. */
  closeAll(): void {
    const clients = this.#open.splice(0);
    for (const client of clients) client.close();
    const undocumented = clients.flatMap((client) => client.undocumented);
    if (undocumented.length > 0) throw new Error(undocumented.join('\n'));
  }
}

/** Calls the HTTP API with a user's token and reads the response body as JSON. */
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
  const responseBody: unknown = await response.json();
  const problems = responseProblems(method, `/api/v1${path}`, response.status, responseBody);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return { status: response.status, body: responseBody, type: response.headers.get('content-type') };
}

let lastUser = 1000;
/** Users with an id that is unique in this process. */
export const aClient = (): TokenSubject => ({
  id: ++lastUser,
  role: 'client',
  email: `client${lastUser}@example.com`,
});
export const anAdmin = (): TokenSubject => ({
  id: ++lastUser,
  role: 'admin',
  email: `admin${lastUser}@example.com`,
});

export async function openChat(system: TestSystem, client: TokenSubject): Promise<string> {
  const { status, body } = await http(system, client, 'POST', '/chats');
  if (status !== 201) throw new Error(`opening a chat failed: ${status} ${JSON.stringify(body)}`);
  return Chat.parse(body).id;
}
