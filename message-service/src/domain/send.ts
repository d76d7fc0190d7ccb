import { mayEnter, type Actor, type ChatStatus, type NewMessage } from '@switchboard/shared/contracts';
import { Failure, type ErrorCode } from '@switchboard/shared/errors';
import type { StoredMessage, Thread } from './message.ts';

/** A message on its way in. */
export interface Send {
  readonly id: string;
  readonly chatId: string;
  readonly sender: Actor;
  readonly message: NewMessage;
  /** Of the request, if its trace is recorded: whoever learns of the message later goes on with it. */
  readonly traceparent?: string | undefined;
}

/** A chat's row, under its lock. */
export interface LockedChat {
  readonly id: string;
  readonly clientId: number;
  readonly status: ChatStatus;
  readonly seq: number;
  readonly rev: number;
}

/** What stands in the database, read in the transaction that will insert. */
export interface Facts {
  readonly now: Date;
  readonly chats: readonly LockedChat[];
  /** Chats of this batch that somebody of it may enter, whose rows somebody else holds. */
  readonly contended?: readonly string[];
  /** Messages that were sent under the keys of this batch, or that it replies to. */
  readonly messages: readonly StoredMessage[];
  readonly files: readonly { readonly id: string; readonly ownerId: number }[];
}

export type Outcome =
  | { readonly kind: 'appended'; readonly thread: Thread; readonly rev: number }
  | { readonly kind: 'repeated'; readonly thread: Thread }
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** There is no row of this chat here that is the sender's to enter; chat-service may know otherwise. */
  | { readonly kind: 'unknown' }
  /** Somebody else holds the chat's row: nothing was decided. */
  | { readonly kind: 'contended' };

const keyOf = (chatId: string, senderId: number, key: string): string => `${chatId} ${senderId.toString()} ${key}`;
const idOf = (chatId: string, id: string): string => `${chatId} ${id}`;

/**
 * Decides a whole batch, one send after the other, as if each came alone: what one is refused for touches no other.
 * Appended messages are numbered on from their chat's counters without a hole.
 */
export function decideSends(sends: readonly Send[], facts: Facts): Outcome[] {
  const chats = new Map(facts.chats.map((chat) => [chat.id, { ...chat }]));
  const files = new Map(facts.files.map((file) => [file.id, file.ownerId]));
  const byId = new Map(facts.messages.map((message) => [idOf(message.chatId, message.id), message]));
  const byKey = new Map<string, StoredMessage>();
  for (const message of facts.messages) remember(message);

  return sends.map((send) => decide(send));

  function decide({ id, chatId, sender, message }: Send): Outcome {
    const chat = chats.get(chatId);
    if (chat === undefined) return { kind: facts.contended?.includes(chatId) === true ? 'contended' : 'unknown' };
    if (!mayEnter(sender, chat)) return { kind: 'unknown' };
    const replyTo = message.replyToId === undefined ? undefined : byId.get(idOf(chatId, message.replyToId));

    const first = message.clientMessageId === undefined ? undefined : byKey.get(keyOf(chatId, sender.id, message.clientMessageId));
    if (first !== undefined) return saysTheSame(first, message) ? { kind: 'repeated', thread: { message: first, replyTo } } : refused('DUPLICATE_KEY');

    if (chat.status === 'CLOSED') return refused('CHAT_CLOSED');
    if (message.replyToId !== undefined && replyTo === undefined) return refused('MESSAGE_NOT_FOUND');
    if (message.fileId !== undefined && files.get(message.fileId) !== sender.id) return refused('FILE_NOT_FOUND');

    chat.seq += 1;
    chat.rev += 1;
    const stored = store({ id, chatId, sender, message }, chat.seq, facts.now);
    remember(stored);
    return { kind: 'appended', thread: { message: stored, replyTo }, rev: chat.rev };
  }

  function remember(message: StoredMessage): void {
    if (message.clientMessageId !== null) byKey.set(keyOf(message.chatId, message.senderId, message.clientMessageId), message);
  }
}

const refused = (code: ErrorCode): Outcome => ({ kind: 'refused', failure: new Failure(code) });

const saysTheSame = (first: StoredMessage, message: NewMessage): boolean =>
  first.text === (message.text ?? null) && first.fileId === (message.fileId ?? null) && first.replyToId === (message.replyToId ?? null);

/** As it will be stored. */
export const store = ({ id, chatId, sender, message }: Send, seq: number, now: Date): StoredMessage => ({
  id,
  chatId,
  seq,
  senderId: sender.id,
  senderEmail: sender.email,
  senderRole: sender.role,
  text: message.text ?? null,
  fileId: message.fileId ?? null,
  replyToId: message.replyToId ?? null,
  clientMessageId: message.clientMessageId ?? null,
  createdAt: now,
});
