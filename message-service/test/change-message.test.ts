import { describe, expect, it } from '@jest/globals';
import type { Actor, ChatStatus } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { edit, MAX_EMOJIS, react, remove, type DecideChange } from '../src/domain/change-message.ts';
import type { StoredMessage } from '../src/domain/message.ts';
import { admin, aStoredMessage, owner, stranger } from './given.ts';

const sentAt = new Date('2026-01-02T03:04:05.678Z');
const MINUTE_MS = 60_000;
const decide = (
  change: DecideChange,
  message: StoredMessage,
  {
    actor = owner,
    status = 'ACTIVE',
    afterMs = MINUTE_MS,
  }: { actor?: Actor; status?: ChatStatus; afterMs?: number } = {},
) => change({ message, status, now: new Date(sentAt.getTime() + afterMs), windowMs: 15 * MINUTE_MS }, actor);
function refusalOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof Failure ? error.code : error;
  }
}

const message = aStoredMessage({ text: 'before', createdAt: sentAt });
const closed = { status: 'CLOSED' as const };
const deleted = decide(remove(), message);

describe('an edit', () => {
  it('changes the text, and counts the version up', () => {
    expect(decide(edit('after', 1), message)).toEqual({
      ...message,
      text: 'after',
      version: 2,
      textVersion: 2,
      editedAt: new Date(sentAt.getTime() + MINUTE_MS),
    });
  });

  it('that is repeated changes nothing, whenever it comes', () => {
    const edited = decide(edit('after', 1), message);
    expect(decide(edit('after', 1), edited)).toBe(edited);
    expect(decide(edit('after', 1), edited, { ...closed, afterMs: 60 * MINUTE_MS })).toBe(edited);
  });

  it('of a text that was changed meanwhile is refused, and names the version', () => {
    const edited = decide(edit('after', 1), message);
    expect(() => decide(edit('another', 1), edited)).toThrow(
      expect.objectContaining({ code: 'MESSAGE_CONFLICT', details: { version: 2 } }),
    );
    expect(refusalOf(() => decide(edit('another', 3), edited))).toBe('MESSAGE_CONFLICT');
  });

  it('goes through when somebody only reacted meanwhile', () => {
    const reacted = decide(react('👍', true), message, { actor: admin });
    expect(decide(edit('after', 1), reacted)).toMatchObject({ text: 'after', version: 3 });
  });

  it.each([
    ['by somebody else', 'FORBIDDEN', () => decide(edit('x', 1), message, { actor: admin })],
    ['of a deleted message', 'MESSAGE_CONFLICT', () => decide(edit('x', 2), deleted)],
    ['in a closed chat', 'CHAT_CLOSED', () => decide(edit('x', 1), message, closed)],
    ['too late', 'EDIT_WINDOW_OVER', () => decide(edit('x', 1), message, { afterMs: 16 * MINUTE_MS })],
  ])('%s is refused', (_what, code, work) => {
    expect(refusalOf(work)).toBe(code);
  });
});

describe('a deletion', () => {
  it('leaves a tombstone without text, file and reactions', () => {
    const full = aStoredMessage({
      createdAt: sentAt,
      fileId: 'f1',
      file: { id: 'f1', name: 'a.png', contentType: 'image/png', size: 1 },
      reactions: [{ emoji: '👍', userIds: [1] }],
    });
    expect(decide(remove(), full)).toMatchObject({
      seq: full.seq,
      text: null,
      fileId: null,
      file: null,
      reactions: null,
      version: 2,
      deletedBy: owner.id,
    });
  });

  it('that is repeated changes nothing', () => {
    expect(decide(remove(), deleted, { actor: admin })).toBe(deleted);
  });

  it('by an admin is never too late, and works in a closed chat', () => {
    expect(decide(remove(), message, { ...closed, actor: admin, afterMs: 99 * MINUTE_MS }).deletedBy).toBe(
      admin.id,
    );
    expect(decide(remove(), message, closed).deletedAt).not.toBeNull();
  });

  it.each([
    ["of another client's message", 'FORBIDDEN', () => decide(remove(), message, { actor: stranger })],
    ['too late', 'EDIT_WINDOW_OVER', () => decide(remove(), message, { afterMs: 16 * MINUTE_MS })],
  ])('%s is refused', (_what, code, work) => {
    expect(refusalOf(work)).toBe(code);
  });
});

describe('a reaction', () => {
  it('is kept once per user and emoji, the earliest first, and can be taken back', () => {
    let now = decide(react('👍', true), message);
    now = decide(react('👍', true), now, { actor: admin });
    now = decide(react('❤️', true), now, { actor: admin });
    expect(decide(react('👍', true), now)).toBe(now);
    expect(now).toMatchObject({
      version: 4,
      reactions: [
        { emoji: '👍', userIds: [owner.id, admin.id] },
        { emoji: '❤️', userIds: [admin.id] },
      ],
    });
    now = decide(react('❤️', false), now, { actor: admin });
    now = decide(react('👍', false), now);
    expect(now.reactions).toEqual([{ emoji: '👍', userIds: [admin.id] }]);
    expect(decide(react('👍', false), now, { actor: admin }).reactions).toBeNull();
    expect(decide(react('👍', false), now)).toBe(now);
  });

  it('is refused with one emoji too many, and where nothing can be said any more', () => {
    const full = {
      ...message,
      reactions: Array.from({ length: MAX_EMOJIS }, (_, n) => ({ emoji: `${n}`, userIds: [2] })),
    };
    expect(refusalOf(() => decide(react('👍', true), full))).toBe('VALIDATION');
    expect(refusalOf(() => decide(react('👍', true), message, closed))).toBe('CHAT_CLOSED');
    expect(refusalOf(() => decide(react('👍', true), deleted))).toBe('MESSAGE_CONFLICT');
  });
});
