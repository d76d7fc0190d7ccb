import { io, type Socket } from 'socket.io-client';
import type { TestSystem, TokenSubject } from '../testing/index.ts';
import { Chat } from '@switchboard/shared/contracts';

/** Keeps so many sends of each socket unanswered at any time. */
const WINDOW = 8;

interface Writer {
  readonly socket: Socket;
  readonly chatId: string;
}

/** Sockets, each alone in a chat of its own, that send as fast as they are answered. */
export class Flood {
  readonly #writers: readonly Writer[];

  private constructor(writers: readonly Writer[]) {
    this.#writers = writers;
  }

  static async open(system: TestSystem, sockets: number): Promise<Flood> {
    return new Flood(await Promise.all(Array.from({ length: sockets }, (_, index) => open(system, index))));
  }

  /** Sends for so long; resolves with how many messages were acknowledged in that time. Rejects when one is refused. */
  async run(forMs: number): Promise<number> {
    const until = performance.now() + forMs;
    let acknowledged = 0;
    const sendOn = async ({ socket, chatId }: Writer): Promise<void> => {
      while (performance.now() < until) {
        const answer: unknown = await socket.timeout(10_000).emitWithAck('sendMessage', { chatId, message: { text: 'How may I help you today?' } });
        if (!isSent(answer)) throw new Error(`a send was answered with ${JSON.stringify(answer)}`);
        if (performance.now() < until) acknowledged += 1;
      }
    };
    await Promise.all(this.#writers.flatMap((writer) => Array.from({ length: WINDOW }, () => sendOn(writer))));
    return acknowledged;
  }

  close(): void {
    for (const { socket } of this.#writers) socket.disconnect();
  }
}

const isSent = (answer: unknown): boolean => typeof answer === 'object' && answer !== null && 'event' in answer && answer.event === 'messageSent';

async function open(system: TestSystem, index: number): Promise<Writer> {
  const user: TokenSubject = { id: 1_000 + index, role: 'client', email: `client${String(index)}@example.com` };
  const token = system.token(user);
  const response = await fetch(`${system.url}/api/v1/chats`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  const { id: chatId } = Chat.parse(await response.json());
  const socket = io(system.url, { auth: { token }, forceNew: true, transports: ['websocket'] });
  await socket.timeout(10_000).emitWithAck('joinChat', { chatId });
  return { socket, chatId };
}
