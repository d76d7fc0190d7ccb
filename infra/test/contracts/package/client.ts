/**
 * A client app that misses no message and shows none twice, whatever happens to the connection. It joins a
 * chat, prints its messages in order, and sends each line that it reads.
 *
 *     SWITCHBOARD_URL=http://localhost:3000 TOKEN=… CHAT_ID=… node client.js
 */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientToServerEvents, JoinedChat, ServerToClientEvents } from '@switchboard/contracts';
import { io, type Socket } from 'socket.io-client';

type Message = JoinedChat['messages'][number];
/** What an error says beside its sentence. */
interface Refusal {
  readonly retryable?: boolean;
  readonly traceId?: string;
  readonly details?: { readonly retryAfterMs?: number };
}

const { SWITCHBOARD_URL = 'http://localhost:3000', TOKEN: token, CHAT_ID: chatId = '' } = process.env;
const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(SWITCHBOARD_URL, {
  auth: { token },
  transports: ['websocket'],
});
const REPLY_WITHIN_MS = 5_000;
const RETRY_MS = 1_000;

/** The `seq` of the last message shown; every message before it is shown too. Undefined before the first join. */
let last: number | undefined;
/** Messages after a hole, by `seq`: a live one may arrive before the pages that precede it. */
const ahead = new Map<number, Message>();
/** Changes with each connection, so that the joins of an earlier one end. */
let connection = 0;

socket.on('connect', () => {
  connection += 1;
  void join(connection);
});
socket.on('disconnect', () => {
  connection += 1;
});
socket.on('connect_error', (error: Error & { data?: Refusal }) => {
  console.error('cannot connect:', error.message);
  // After a network failure the library connects again by itself; after a refusal it does not.
  if (!socket.active && error.data?.retryable === true)
    setTimeout(() => socket.connect(), error.data.details?.retryAfterMs ?? RETRY_MS);
});
socket.on('newMessage', receive);
for await (const text of createInterface({ input: process.stdin })) if (text.trim() !== '') await send(text);
socket.disconnect();

/** Each connection joins, and reads what was sent meanwhile to the end, page by page. */
async function join(current: number): Promise<void> {
  let from: { after?: number; cursor?: string } = last === undefined ? {} : { after: last };
  while (current === connection) {
    const reply = await socket
      .timeout(REPLY_WITHIN_MS)
      .emitWithAck('joinChat', { chatId, ...from })
      .catch(() => undefined);
    if (current !== connection) return;
    if (reply?.event === 'joinedChat') {
      receivePage(reply.data);
      const { hasMore = false, cursor } = reply.data;
      if (!hasMore || cursor === undefined) {
        console.log('· joined');
        return;
      }
      from = { cursor };
    } else if (!(await mayRetry(reply, 'cannot join:'))) return;
  }
}

/** Without a point of resumption, or too far behind it, the latest page is where the client begins. */
function receivePage({ messages, recovered }: JoinedChat): void {
  if (last === undefined || recovered === false) last = (messages[0]?.seq ?? 1) - 1;
  for (const message of messages) receive(message);
  showNext();
}

function receive(message: Message): void {
  if (last === undefined || message.seq > last) ahead.set(message.seq, message);
  showNext();
}

/** Shows what follows the last message without a hole. */
function showNext(): void {
  for (let next = nextMessage(); next !== undefined; next = nextMessage()) {
    ahead.delete(next.seq);
    last = next.seq;
    console.log(`${next.sender?.email ?? 'unknown'}: ${next.text ?? 'a file'}`);
  }
}

function nextMessage(): Message | undefined {
  return last === undefined ? undefined : ahead.get(last + 1);
}

/** Repeats a send under one key until it has a reply: the message is stored once. */
async function send(text: string): Promise<void> {
  const message = { text, clientMessageId: randomUUID() };
  for (;;) {
    const reply = await socket
      .timeout(REPLY_WITHIN_MS)
      .emitWithAck('sendMessage', { chatId, message })
      .catch(() => undefined);
    if (reply?.event === 'messageSent' || !(await mayRetry(reply, 'not sent:'))) return;
  }
}

/** Waits until the same request may succeed; false when it never will. `reply`: undefined when none came. */
async function mayRetry(
  reply: ({ readonly event: string; readonly data: unknown } & Refusal) | undefined,
  what: string,
): Promise<boolean> {
  if (reply?.event === 'error' && reply.retryable === false) {
    console.error(what, reply.data, reply.traceId);
    return false;
  }
  await sleep(reply?.details?.retryAfterMs ?? RETRY_MS);
  return true;
}
