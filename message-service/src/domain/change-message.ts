import type { Actor, ChatStatus, Reaction } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { StoredMessage } from './message.ts';

/** What a decision about a message rests on, read under the lock of its chat. */
export interface ChangeFacts {
  readonly message: StoredMessage;
  readonly status: ChatStatus;
  readonly now: Date;
  /** For how long after the send its author may change it, in ms. */
  readonly windowMs: number;
}

/** The message as it is to be, or the same object: there is nothing to do. */
export type DecideChange = (facts: ChangeFacts, actor: Actor) => StoredMessage;

export const MAX_EMOJIS = 20;

/** The author changes the text that `version` showed. A repeat changes nothing. */
export const edit =
  (text: string, version: number): DecideChange =>
  (facts, actor) => {
    const { message } = facts;
    if (message.senderId !== actor.id) throw new Failure('FORBIDDEN');
    if (message.deletedAt !== null) throw conflictWith(message);
    if (message.text === text) return message;
    if (version < message.textVersion || version > message.version) throw conflictWith(message);
    requireOpen(facts);
    requireInTime(facts);
    const next = message.version + 1;
    return { ...message, text, version: next, textVersion: next, editedAt: facts.now };
  };

/** An author's own message for a while, for an admin any: a tombstone without text, file and reactions. */
export const remove = (): DecideChange => (facts, actor) => {
  const { message, now } = facts;
  if (message.senderId !== actor.id && actor.role !== 'admin') throw new Failure('FORBIDDEN');
  if (message.deletedAt !== null) return message;
  if (actor.role !== 'admin') requireInTime(facts);
  const next = message.version + 1;
  return {
    ...message,
    text: null,
    fileId: null,
    file: null,
    reactions: null,
    version: next,
    textVersion: next,
    deletedAt: now,
    deletedBy: actor.id,
  };
};

/** Puts the actor's emoji on the message, or takes it back. */
export const react =
  (emoji: string, on: boolean): DecideChange =>
  (facts, actor) => {
    const { message } = facts;
    if (message.deletedAt !== null) throw conflictWith(message);
    const before = message.reactions ?? [];
    const has = before.some((one) => one.emoji === emoji && one.userIds.includes(actor.id));
    if (has === on) return message;
    requireOpen(facts);
    const reactions = on ? withReaction(before, emoji, actor.id) : withoutReaction(before, emoji, actor.id);
    return {
      ...message,
      reactions: reactions.length === 0 ? null : reactions,
      version: message.version + 1,
    };
  };

function withReaction(before: readonly Reaction[], emoji: string, userId: number): Reaction[] {
  if (before.some((one) => one.emoji === emoji))
    return before.map((one) => (one.emoji === emoji ? { emoji, userIds: [...one.userIds, userId] } : one));
  if (before.length >= MAX_EMOJIS)
    throw new Failure('VALIDATION', {
      issues: [{ path: 'emoji', problem: `a message has at most ${MAX_EMOJIS} different emoji` }],
    });
  return [...before, { emoji, userIds: [userId] }];
}

const withoutReaction = (before: readonly Reaction[], emoji: string, userId: number): Reaction[] =>
  before.flatMap((one) => {
    if (one.emoji !== emoji) return one;
    const userIds = one.userIds.filter((id) => id !== userId);
    return userIds.length === 0 ? [] : { emoji, userIds };
  });

const conflictWith = ({ version }: StoredMessage): Failure => new Failure('MESSAGE_CONFLICT', { version });

function requireOpen({ status }: ChangeFacts): void {
  if (status === 'CLOSED') throw new Failure('CHAT_CLOSED');
}

function requireInTime({ message, now, windowMs }: ChangeFacts): void {
  if (now.getTime() - message.createdAt.getTime() > windowMs) throw new Failure('EDIT_WINDOW_OVER');
}
