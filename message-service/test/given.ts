import { randomUUID } from 'node:crypto';
import type { Actor, ChatFacts } from '@switchboard/shared/contracts';
import { UNCHANGED, type StoredMessage } from '../src/domain/message.ts';

/** The users, chats and messages of the tests. */
export const owner: Actor = { id: 1, email: 'owner@example.com', role: 'client' };
export const stranger: Actor = { id: 2, email: 'stranger@example.com', role: 'client' };
export const admin: Actor = { id: 9, email: 'admin@example.com', role: 'admin' };

/** A chat of the owner, as chat-service publishes it. */
export const aChat = (facts: Partial<ChatFacts> = {}): ChatFacts => ({
  id: randomUUID(),
  clientId: owner.id,
  status: 'ACTIVE',
  version: 1,
  ...facts,
});

export const aStoredMessage = (message: Partial<StoredMessage> = {}): StoredMessage => ({
  id: randomUUID(),
  chatId: randomUUID(),
  seq: 1,
  senderId: owner.id,
  senderEmail: owner.email,
  senderRole: owner.role,
  senderName: null,
  text: 'hello',
  fileId: null,
  replyToId: null,
  clientMessageId: null,
  createdAt: new Date('2026-01-02T03:04:05.678Z'),
  file: null,
  ...UNCHANGED,
  ...message,
});

export const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
