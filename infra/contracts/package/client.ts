/**
 * A client that misses nothing and says nothing twice, whatever becomes of the connection. It joins a chat, prints what is said there, and says each line that it reads.
 *
 *     SWITCHBOARD_URL=http://localhost:3000 TOKEN=… CHAT_ID=… node client.ts
 */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientToServerEvents, JoinedChat, ServerToClientEvents } from '@switchboard/contracts';
import { io, type Socket } from 'socket.io-client';

const { SWITCHBOARD_URL = 'http://localhost:3000', TOKEN: token, CHAT_ID: chatId = '' } = process.env;
const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(SWITCHBOARD_URL, { auth: { token }, transports: ['websocket'] });
const PATIENCE_MS = 5_000;

/** The last message that was shown: from there on it is asked for after an outage. */
let last: string | undefined;

socket.on('connect', () => { void join(); });
socket.on('connect_error', (error) => { console.error('cannot connect:', error.message); });
socket.on('newMessage', show);
for await (const text of createInterface({ input: process.stdin })) if (text.trim() !== '') await say(text);
socket.disconnect();

/** Every connection joins anew, and hears what was said meanwhile, page by page. */
async function join(): Promise<void> {
  for (let cursor: string | undefined, hasMore = true; hasMore;) {
    const from = cursor === undefined ? { after: last } : { cursor };
    const answer = await socket.timeout(PATIENCE_MS).emitWithAck('joinChat', { chatId, ...from }).catch(() => undefined);
    // The next connection tries again.
    if (answer === undefined) return;
    if (answer.event === 'error') {
      console.error('cannot join:', answer.data, answer.traceId);
      return;
    }
    for (const message of answer.data.messages) show(message);
    ({ cursor, hasMore = false } = answer.data);
  }
  console.log('· joined');
}

function show({ id, sender, text }: JoinedChat['messages'][number]): void {
  last = id;
  console.log(`${sender?.email ?? 'somebody'}: ${text ?? 'a file'}`);
}

/** Under one key until there is an answer: however often it arrives, it is said once. */
async function say(text: string): Promise<void> {
  const message = { text, clientMessageId: randomUUID() };
  for (;;) {
    const answer = await socket.timeout(PATIENCE_MS).emitWithAck('sendMessage', { chatId, message }).catch(() => undefined);
    if (answer?.event === 'messageSent') return;
    if (answer?.event === 'error' && !answer.retryable) {
      console.error('not said:', answer.data, answer.traceId);
      return;
    }
    await sleep(1_000);
  }
}
