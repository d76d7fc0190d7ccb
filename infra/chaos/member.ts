import { io, type Socket } from 'socket.io-client';
import type { TokenSubject } from '../testing/index.ts';
import type { Answer, Seen } from './history.ts';

interface Heard {
  readonly id: string;
  readonly seq: number;
  readonly text?: string;
}

interface ParticipantUpdate {
  readonly userId: number;
  readonly action: 'joined' | 'left';
}

interface Joined {
  readonly messages: readonly Heard[];
}

const ANSWER_WITHIN_MS = 6_000;
const AGAIN_AFTER_MS = 200;

/**
 * A well-behaved client in one chat: reconnects by itself, joins with what it saw last, and keeps everything it was told
 * in the order in which it was told.
 */
export class Member {
  readonly url: string;
  readonly who: string;
  readonly chatId: string;
  readonly subject: TokenSubject;
  readonly seen: Seen[] = [];
  readonly socket: Socket;
  /** How often it was told that somebody had left, by user. */
  readonly departures = new Map<number, number>();
  /** Joins that were refused for good. */
  readonly refusals: string[] = [];
  /** How often it had to connect. */
  connections = 0;
  /** Waits for an answer longer than two seconds, in milliseconds. */
  readonly slowAnswers: number[] = [];
  #isJoined = false;
  #joining = 0;

  constructor(url: string, token: string, who: string, chatId: string, subject: TokenSubject) {
    this.url = url;
    this.who = who;
    this.chatId = chatId;
    this.subject = subject;
    this.socket = io(url, { auth: { token }, forceNew: true, transports: ['websocket'], reconnectionDelay: 100, reconnectionDelayMax: 1_000 });
    this.socket.on('newMessage', (message: Heard) => { this.#see([message]); });
    this.socket.on('participantUpdate', ({ userId, action }: ParticipantUpdate) => {
      if (action === 'left') this.departures.set(userId, (this.departures.get(userId) ?? 0) + 1);
    });
    this.socket.on('connect', () => {
      this.connections += 1;
      void this.#join();
    });
    this.socket.on('disconnect', () => { this.#isJoined = false; });
  }

  get isJoined(): boolean {
    return this.#isJoined && this.socket.connected;
  }

  /** Emits with an acknowledgement; undefined when none came. */
  async ask(event: string, payload: unknown): Promise<Answer | undefined> {
    const since = performance.now();
    const answer = await this.#emit(event, payload);
    const afterMs = performance.now() - since;
    if (answer !== undefined && afterMs > 2_000) this.slowAnswers.push(Math.round(afterMs));
    return answer;
  }

  close(): void {
    this.socket.disconnect();
  }

  /** `take` has the answer before the next event is heard; whoever awaits may have it after. */
  #emit(event: string, payload: unknown, take: (answer: Answer) => void = () => undefined): Promise<Answer | undefined> {
    if (!this.socket.connected) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const give = () => { finish(undefined); };
      const timer = setTimeout(give, ANSWER_WITHIN_MS);
      // An emit that was sent on a connection that ended is never answered.
      this.socket.once('disconnect', give);
      const finish = (answer: Answer | undefined) => {
        clearTimeout(timer);
        this.socket.off('disconnect', give);
        if (answer !== undefined) take(answer);
        resolve(answer);
      };
      this.socket.emit(event, payload, finish);
    });
  }

  /** Joins until it is joined or the connection is another one. */
  async #join(): Promise<void> {
    const attempt = ++this.#joining;
    const mine = () => attempt === this.#joining && this.socket.connected;
    while (mine()) {
      const after = this.seen.at(-1)?.id;
      const answer = await this.#emit('joinChat', after === undefined ? this.chatId : { chatId: this.chatId, after }, (joined) => {
        if (mine() && joined.event === 'joinedChat') this.#see((joined.data as Joined).messages);
      });
      if (!mine()) return;
      if (answer?.event === 'joinedChat') {
        this.#isJoined = true;
        return;
      }
      if (answer?.retryable === false) this.refusals.push(answer.code ?? '');
      await new Promise((resolve) => { setTimeout(resolve, AGAIN_AFTER_MS); });
    }
  }

  #see(messages: readonly Heard[]): void {
    for (const { id, seq, text = '' } of messages) this.seen.push({ id, seq, text });
  }
}
