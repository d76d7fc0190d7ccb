import {
  mayEnter,
  type Actor,
  type ChatStatus,
  type FileInfo,
  type NewMessage,
} from '@switchboard/shared/contracts';
import { Failure, type ErrorCode } from '@switchboard/shared/errors';
import { UNCHANGED, type StoredMessage, type Thread } from './message.ts';
import { digestOf } from './sent-digest.ts';

/** A message that is not yet stored. */
export interface Send {
  readonly id: string;
  readonly chatId: string;
  readonly sender: Actor;
  readonly message: NewMessage;
  /** The request's trace, if it is recorded: readers of the log entry continue it. */
  readonly traceparent?: string | undefined;
}

/** A chat's row, locked by this transaction. */
export interface LockedChat {
  readonly id: string;
  readonly clientId: number;
  readonly status: ChatStatus;
  readonly seq: number;
  readonly rev: number;
}

/** A stored message, with the digest of the content first sent under its key. */
export interface FoundMessage extends StoredMessage {
  /** Null in rows of versions that stored no digest: they are compared by their present content. */
  readonly sentDigest: Buffer | null;
}

/** What the decisions rest on, read in the transaction that will insert. */
export interface Facts {
  readonly now: Date;
  readonly chats: readonly LockedChat[];
  /** Chats that a sender of this batch may enter, and whose rows another transaction has locked. */
  readonly contended?: readonly string[];
  /** Messages sent earlier under the keys of this batch, and messages that it replies to. */
  readonly messages: readonly FoundMessage[];
  readonly files: readonly OwnedFile[];
}

export interface OwnedFile {
  readonly ownerId: number;
  readonly info: FileInfo;
}

export type Outcome =
  | { readonly kind: 'appended'; readonly thread: Thread; readonly rev: number }
  | { readonly kind: 'repeated'; readonly thread: Thread }
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** No row here gives the sender access to the chat; chat-service may still grant it. */
  | { readonly kind: 'unknown' }
  /** Another transaction has locked the chat's row: nothing was decided. */
  | { readonly kind: 'contended' };

export interface Decision<S extends Send = Send> {
  readonly send: S;
  readonly outcome: Outcome;
}

/** Nothing of the send is stored: another commit strategy decides it. */
export interface Left {
  readonly kind: 'left';
}

export interface CommitOutcome<S extends Send = Send> {
  readonly send: S;
  readonly outcome: Outcome | Left;
}

const keyOf = (chatId: string, senderId: number, key: string): string =>
  `${chatId} ${senderId.toString()} ${key}`;
const idOf = (chatId: string, id: string): string => `${chatId} ${id}`;

/**
 * Decides the sends of a batch one after the other, as if each came alone: a refusal affects no other send.
 * Appended messages continue their chat's `seq` and `rev` without a gap.
 */
export function decideSends<S extends Send>(sends: readonly S[], facts: Facts): Decision<S>[] {
  const chats = new Map(facts.chats.map((chat) => [chat.id, { ...chat }]));
  const files = new Map(facts.files.map((file) => [file.info.id, file]));
  const byId = new Map(facts.messages.map((message) => [idOf(message.chatId, message.id), message]));
  const byKey = new Map<string, FoundMessage>();
  for (const message of facts.messages) remember(message);

  return sends.map((send) => ({ send, outcome: decide(send) }));

  function decide(send: Send): Outcome {
    const { chatId, sender, message } = send;
    const chat = chats.get(chatId);
    if (chat === undefined)
      return { kind: facts.contended?.includes(chatId) === true ? 'contended' : 'unknown' };
    if (!mayEnter(sender, chat)) return { kind: 'unknown' };
    const replyTo = message.replyToId === undefined ? undefined : byId.get(idOf(chatId, message.replyToId));

    const first =
      message.clientMessageId === undefined
        ? undefined
        : byKey.get(keyOf(chatId, sender.id, message.clientMessageId));
    const draft = draftOf(send);
    if (first !== undefined)
      return isRepeat(draft, first)
        ? { kind: 'repeated', thread: { message: first, replyTo } }
        : refused('DUPLICATE_KEY');

    if (chat.status === 'CLOSED') return refused('CHAT_CLOSED');
    if (message.replyToId !== undefined && replyTo === undefined) return refused('MESSAGE_NOT_FOUND');
    const file = message.fileId === undefined ? undefined : files.get(message.fileId);
    if (message.fileId !== undefined && file?.ownerId !== sender.id) return refused('FILE_NOT_FOUND');

    chat.seq += 1;
    chat.rev += 1;
    const stored = sentMessage(draft, chat.seq, facts.now, file?.info);
    remember({ ...stored, sentDigest: null });
    return { kind: 'appended', thread: { message: stored, replyTo }, rev: chat.rev };
  }

  function remember(message: FoundMessage): void {
    if (message.clientMessageId !== null)
      byKey.set(keyOf(message.chatId, message.senderId, message.clientMessageId), message);
  }
}

const refused = (code: ErrorCode): Outcome => ({ kind: 'refused', failure: new Failure(code) });

/**
 * Compares with the content first sent: a later edit of the row must not turn a retry into another message.
 */
const isRepeat = (draft: Draft, first: FoundMessage): boolean =>
  first.sentDigest === null
    ? first.text === draft.text && first.fileId === draft.fileId && first.replyToId === draft.replyToId
    : first.sentDigest.equals(digestOf(draft));

/** A message without its number in the chat and its time, which the commit sets. */
export type Draft = Omit<StoredMessage, 'seq' | 'createdAt' | 'file' | keyof typeof UNCHANGED>;

/** The draft as it is stored. */
export const sentMessage = (draft: Draft, seq: number, createdAt: Date, file?: FileInfo): StoredMessage => ({
  ...draft,
  ...UNCHANGED,
  seq,
  createdAt,
  file: file ?? null,
});

export const draftOf = ({ id, chatId, sender, message }: Send): Draft => ({
  id,
  chatId,
  senderId: sender.id,
  senderEmail: sender.email,
  senderRole: sender.role,
  senderName: sender.name ?? null,
  text: message.text ?? null,
  fileId: message.fileId ?? null,
  replyToId: message.replyToId ?? null,
  clientMessageId: message.clientMessageId ?? null,
});
