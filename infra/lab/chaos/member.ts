import { io, type Socket } from 'socket.io-client';
import type { TokenSubject } from '../../test/helpers/index.ts';
import type { Reply, Seen } from './history.ts';

interface ReceivedMessage {
  readonly id: string;
  readonly seq: number;
  readonly text?: string;
}

interface ParticipantUpdate {
  readonly userId: number;
  readonly action: 'joined' | 'left';
}

interface Joined {
  readonly messages: readonly ReceivedMessage[];
}

export const REPLY_WITHIN_MS = 6_000;
const RETRY_AFTER_MS = 200;

/**
 * A well-behaved client app in one chat: reconnects by itself, joins with the last message that it received,
 * and keeps all messages in the order of their arrival.
 */
export class Member {
  readonly url: string;
  readonly who: string;
  readonly chatId: string;
  readonly subject: TokenSubject;
  readonly seen: Seen[] = [];
  readonly socket: Socket;
  /** How many `left` events it received, by user. */
  readonly departures = new Map<number, number>();
  /** Joins that were refused for good. */
  readonly refusals: string[] = [];
  /** How often it connected. */
  connections = 0;
  /** Reply times above two seconds, in ms. */
  readonly slowReplies: number[] = [];
  #isJoined = false;
  #joining = 0;

  constructor(url: string, token: string, who: string, chatId: string, subject: TokenSubject) {
    this.url = url;
    this.who = who;
    this.chatId = chatId;
    this.subject = subject;
    this.socket = io(url, {
      auth: { token },
      forceNew: true,
      transports: ['websocket'],
      reconnectionDelay: 100,
      reconnectionDelayMax: 1_000,
    });
    this.socket.on('newMessage', (message: ReceivedMessage) => {
      this.#see([message]);
    });
    this.socket.on('participantUpdate', ({ userId, action }: ParticipantUpdate) => {
      if (action === 'left') this.departures.set(userId, (this.departures.get(userId) ?? 0) + 1);
    });
    this.socket.on('connect', () => {
      this.connections += 1;
      void this.#join();
    });
    this.socket.on('disconnect', () => {
      this.#isJoined = false;
    });
  }

  get isJoined(): boolean {
    return this.#isJoined && this.socket.connected;
  }

  /** Emits an event and returns its acknowledgement; undefined when none arrived. */
  async request(event: string, payload: unknown): Promise<Reply | undefined> {
    const since = performance.now();
    const reply = await this.#emit(event, payload);
    const afterMs = performance.now() - since;
    if (reply !== undefined && afterMs > 2_000) this.slowReplies.push(Math.round(afterMs));
    return reply;
  }

  close(): void {
    this.socket.disconnect();
  }

  /** `onReply` runs before the next event arrives; the promise may resolve later. */
  #emit(
    event: string,
    payload: unknown,
    onReply: (reply: Reply) => void = () => undefined,
  ): Promise<Reply | undefined> {
    if (!this.socket.connected) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const giveUp = () => {
        finish(undefined);
      };
      const timer = setTimeout(giveUp, REPLY_WITHIN_MS);
      // An emit on a connection that ended never gets a reply.
      this.socket.once('disconnect', giveUp);
      const finish = (reply: Reply | undefined) => {
        clearTimeout(timer);
        this.socket.off('disconnect', giveUp);
        if (reply !== undefined) onReply(reply);
        resolve(reply);
      };
      this.socket.emit(event, payload, finish);
    });
  }

  /** Retries the join until it succeeds or the connection changes. */
  async #join(): Promise<void> {
    const attempt = ++this.#joining;
    const isCurrent = () => attempt === this.#joining && this.socket.connected;
    while (isCurrent()) {
      const after = this.seen.at(-1)?.id;
      const reply = await this.#emit(
        'joinChat',
        after === undefined ? this.chatId : { chatId: this.chatId, after },
        (joined) => {
          if (isCurrent() && joined.event === 'joinedChat') this.#see((joined.data as Joined).messages);
        },
      );
      if (!isCurrent()) return;
      if (reply?.event === 'joinedChat') {
        this.#isJoined = true;
        return;
      }
      if (reply?.retryable === false) this.refusals.push(reply.code ?? '');
      await new Promise((resolve) => {
        setTimeout(resolve, RETRY_AFTER_MS);
      });
    }
  }

  #see(messages: readonly ReceivedMessage[]): void {
    for (const { id, seq, text = '' } of messages) this.seen.push({ id, seq, text });
  }
}
