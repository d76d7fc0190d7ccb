import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Actor, NewMessage } from '@switchboard/shared/contracts';
import fc from 'fast-check';
import {
  decideSends,
  type Facts,
  type FoundMessage,
  type LockedChat,
  type Outcome,
  type Send,
} from '../src/domain/send.ts';
import { UNCHANGED, type StoredMessage } from '../src/domain/message.ts';
import { digestOf, type SentContent } from '../src/domain/sent-digest.ts';
import { admin, aStoredMessage, owner, stranger, upTo } from './given.ts';

const now = new Date('2026-01-02T03:04:05.678Z');
const open: LockedChat = { id: randomUUID(), clientId: owner.id, status: 'ACTIVE', seq: 7, rev: 11 };
const closed: LockedChat = { id: randomUUID(), clientId: owner.id, status: 'CLOSED', seq: 3, rev: 4 };
const foreign: LockedChat = { id: randomUUID(), clientId: stranger.id, status: 'PENDING', seq: 0, rev: 0 };
const chats = [open, closed, foreign];

const old = found({ chatId: open.id, seq: 5, text: 'old', clientMessageId: 'old' });
const elsewhere = found({ chatId: foreign.id, seq: 1, senderId: stranger.id });
const oldInClosed = found({ chatId: closed.id, seq: 3, text: 'old', clientMessageId: 'old' });
const edited = found(
  { chatId: open.id, seq: 6, text: 'after', clientMessageId: 'edited' },
  { text: 'before', fileId: null, replyToId: old.id },
);
const ownFile = {
  ownerId: owner.id,
  info: { id: randomUUID(), name: 'a.txt', contentType: 'text/plain', size: 1 },
};
const facts: Facts = { now, chats, messages: [old, elsewhere, oldInClosed, edited], files: [ownFile] };

/** As found in the database: without a digest unless `sent` says what was first sent. */
function found(message: Partial<StoredMessage>, sent?: SentContent): FoundMessage {
  return { ...aStoredMessage(message), sentDigest: sent === undefined ? null : digestOf(sent) };
}

const aSend = (message: NewMessage, chatId = open.id, sender: Actor = owner): Send => ({
  id: randomUUID(),
  chatId,
  sender,
  message,
});
const outcomesOf = (sends: readonly Send[], given = facts): Outcome[] =>
  decideSends(sends, given).map(({ outcome }) => outcome);
const decide = (...sends: Send[]): Outcome[] => outcomesOf(sends);

/** An outcome in short. */
function summaryOf(outcome: Outcome | undefined): unknown[] {
  if (outcome?.kind === 'appended') return [outcome.kind, outcome.thread.message.seq, outcome.rev];
  if (outcome?.kind === 'repeated') return [outcome.kind, outcome.thread.message.seq];
  if (outcome?.kind === 'refused') return [outcome.failure.code];
  return [outcome?.kind];
}

describe('one send', () => {
  it.each<[string, Send, unknown[]]>([
    ['of the client is appended', aSend({ text: 'hi' }), ['appended', 8, 12]],
    ['of an admin is appended', aSend({ text: 'hi' }, open.id, admin), ['appended', 8, 12]],
    ['to a waiting chat is appended', aSend({ text: 'hi' }, foreign.id, stranger), ['appended', 1, 1]],
    ['of a stranger finds no chat', aSend({ text: 'hi' }, open.id, stranger), ['unknown']],
    ['of a stranger finds no chat, closed or not', aSend({ text: 'hi' }, closed.id, stranger), ['unknown']],
    ['to a chat without a row is unknown', aSend({ text: 'hi' }, randomUUID()), ['unknown']],
    ['to a closed chat is refused', aSend({ text: 'hi' }, closed.id), ['CHAT_CLOSED']],
    [
      'to a closed chat is refused for an admin too',
      aSend({ text: 'hi' }, closed.id, admin),
      ['CHAT_CLOSED'],
    ],
    [
      'that replies into the same chat is appended',
      aSend({ text: 'hi', replyToId: old.id }),
      ['appended', 8, 12],
    ],
    [
      'that replies to a missing message is refused',
      aSend({ text: 'hi', replyToId: randomUUID() }),
      ['MESSAGE_NOT_FOUND'],
    ],
    [
      'that replies into another chat is refused',
      aSend({ text: 'hi', replyToId: elsewhere.id }),
      ['MESSAGE_NOT_FOUND'],
    ],
    ['with a file of the sender is appended', aSend({ fileId: ownFile.info.id }), ['appended', 8, 12]],
    [
      'with a file of another user is refused',
      aSend({ fileId: ownFile.info.id }, open.id, admin),
      ['FILE_NOT_FOUND'],
    ],
    ['with a missing file is refused', aSend({ fileId: randomUUID() }), ['FILE_NOT_FOUND']],
    [
      'with a used key and the same content is a repeat',
      aSend({ text: 'old', clientMessageId: 'old' }),
      ['repeated', 5],
    ],
    [
      'with a used key and another text is refused',
      aSend({ text: 'new', clientMessageId: 'old' }),
      ['DUPLICATE_KEY'],
    ],
    [
      'with a used key and another reply is refused',
      aSend({ text: 'old', clientMessageId: 'old', replyToId: old.id }),
      ['DUPLICATE_KEY'],
    ],
    [
      'with a used key and another file is refused',
      aSend({ text: 'old', clientMessageId: 'old', fileId: ownFile.info.id }),
      ['DUPLICATE_KEY'],
    ],
    [
      'of what was first sent, after an edit, is a repeat',
      aSend({ text: 'before', clientMessageId: 'edited', replyToId: old.id }),
      ['repeated', 6],
    ],
    [
      'of the edited text under the same key is refused',
      aSend({ text: 'after', clientMessageId: 'edited', replyToId: old.id }),
      ['DUPLICATE_KEY'],
    ],
    [
      'of the first text without its reply is refused',
      aSend({ text: 'before', clientMessageId: 'edited' }),
      ['DUPLICATE_KEY'],
    ],
    [
      'with a key that another user has used is appended',
      aSend({ text: 'old', clientMessageId: 'old' }, open.id, admin),
      ['appended', 8, 12],
    ],
    [
      'repeated after the chat was closed returns the first',
      aSend({ text: 'old', clientMessageId: 'old' }, closed.id),
      ['repeated', 3],
    ],
    [
      'with a used key in the chat of another user finds no chat',
      aSend({ text: 'old', clientMessageId: 'old' }, open.id, stranger),
      ['unknown'],
    ],
  ])('%s', (_, send, outcome) => {
    expect(summaryOf(decide(send)[0])).toEqual(outcome);
  });

  it('is stored as sent, with its sender and the time of the facts', () => {
    const send = aSend({ text: 'hi', fileId: ownFile.info.id, replyToId: old.id, clientMessageId: 'k' });
    expect(decide(send)[0]).toEqual({
      kind: 'appended',
      rev: 12,
      thread: {
        replyTo: old,
        message: {
          id: send.id,
          chatId: open.id,
          seq: 8,
          senderId: owner.id,
          senderEmail: owner.email,
          senderRole: 'client',
          text: 'hi',
          fileId: ownFile.info.id,
          replyToId: old.id,
          clientMessageId: 'k',
          createdAt: now,
          senderName: null,
          file: ownFile.info,
          ...UNCHANGED,
        },
      },
    });
  });
});

describe('a batch', () => {
  it('returns the first message for a repeat in the same batch, and DUPLICATE_KEY for another text', () => {
    const outcomes = decide(
      aSend({ text: 'a', clientMessageId: 'k' }),
      aSend({ text: 'a', clientMessageId: 'k' }),
      aSend({ text: 'b', clientMessageId: 'k' }),
      aSend({ text: 'a', clientMessageId: 'other' }),
      aSend({ text: 'a', clientMessageId: 'k' }),
    );
    expect(outcomes.map(summaryOf)).toEqual([
      ['appended', 8, 12],
      ['repeated', 8],
      ['DUPLICATE_KEY'],
      ['appended', 9, 13],
      ['repeated', 8],
    ]);
  });

  it('gives a refused send neither a number nor its key', () => {
    const outcomes = decide(
      aSend({ text: 'a', clientMessageId: 'k', replyToId: randomUUID() }),
      aSend({ text: 'a', clientMessageId: 'k' }),
      aSend({ text: 'b' }),
    );
    expect(outcomes.map(summaryOf)).toEqual([
      ['MESSAGE_NOT_FOUND'],
      ['appended', 8, 12],
      ['appended', 9, 13],
    ]);
  });

  it('does not change the facts', () => {
    const before = structuredClone(facts);
    decide(aSend({ text: 'a', clientMessageId: 'k' }), aSend({ text: 'b' }));
    expect(facts).toEqual(before);
  });
});

describe('any batch', () => {
  const anyMessage: fc.Arbitrary<NewMessage> = fc.record({
    text: fc.constantFrom('old', 'a', 'b'),
    clientMessageId: fc.constantFrom(undefined, 'old', 'k1', 'k2'),
    replyToId: fc.constantFrom(undefined, undefined, old.id, elsewhere.id, randomUUID()),
    fileId: fc.constantFrom(undefined, undefined, undefined, ownFile.info.id),
  });
  const anySend: fc.Arbitrary<Send> = fc.record({
    id: fc.uuid(),
    chatId: fc.constantFrom(open.id, open.id, closed.id, foreign.id, randomUUID()),
    sender: fc.constantFrom(owner, stranger, admin),
    message: anyMessage,
  });
  const anyBatch = fc.array(anySend, { maxLength: 30 });

  const appendedTo = (chatId: string, outcomes: readonly Outcome[]) =>
    outcomes.flatMap((outcome) =>
      outcome.kind === 'appended' && outcome.thread.message.chatId === chatId ? outcome : [],
    );

  it('continues the numbers of each chat without a gap, in the order of the batch', () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const outcomes = outcomesOf(batch);
        expect(outcomes).toHaveLength(batch.length);
        for (const chat of chats) {
          const appended = appendedTo(chat.id, outcomes);
          expect(appended.map(({ thread }) => thread.message.seq)).toEqual(
            upTo(appended.length).map((n) => chat.seq + n),
          );
          expect(appended.map(({ rev }) => rev)).toEqual(upTo(appended.length).map((n) => chat.rev + n));
        }
      }),
    );
  });

  it('gives each send an outcome of its own', () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        for (const [index, outcome] of outcomesOf(batch).entries()) {
          if (outcome.kind === 'appended') expect(outcome.thread.message.id).toBe(batch[index]?.id);
          if (outcome.kind === 'repeated')
            expect(outcome.thread.message).toMatchObject({
              clientMessageId: batch[index]?.message.clientMessageId,
              text: batch[index]?.message.text,
            });
        }
      }),
    );
  });

  it('has the same outcomes as if each send came alone', () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        let current = facts;
        const alone = batch.flatMap((send) => {
          const outcomes = outcomesOf([send], current);
          current = after(current, outcomes);
          return outcomes;
        });
        expect(outcomesOf(batch).map(summaryOf)).toEqual(alone.map(summaryOf));
      }),
    );
  });

  it('has the same outcomes without the refused sends', () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const outcomes = outcomesOf(batch);
        const accepted = batch.filter(
          (_, index) => outcomes[index]?.kind === 'appended' || outcomes[index]?.kind === 'repeated',
        );
        expect(outcomesOf(accepted)).toEqual(
          outcomes.filter(({ kind }) => kind === 'appended' || kind === 'repeated'),
        );
      }),
    );
  });

  /** The facts once these outcomes are stored. */
  function after(before: Facts, outcomes: readonly Outcome[]): Facts {
    const appended = outcomes.flatMap((outcome) => (outcome.kind === 'appended' ? outcome : []));
    return {
      ...before,
      messages: [
        ...before.messages,
        ...appended.map(({ thread: { message } }) => ({ ...message, sentDigest: digestOf(message) })),
      ],
      chats: before.chats.map((chat) => {
        const last = appended.findLast(({ thread }) => thread.message.chatId === chat.id);
        return last === undefined ? chat : { ...chat, seq: last.thread.message.seq, rev: last.rev };
      }),
    };
  }
});
