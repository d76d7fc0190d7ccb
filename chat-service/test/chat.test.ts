import { describe, expect, it } from '@jest/globals';
import type { Actor, ChatStatus } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { asksForWhatIs, clientOfNewChat, decideChange, requireMayChange, type Change, type ChatState } from '../src/domain/chat.ts';

const client: Actor = { id: 7, email: '', role: 'client' };
const admin: Actor = { id: 1, email: '', role: 'admin' };
const chat = (status: ChatStatus, adminId?: number): ChatState => ({ id: 'c', clientId: 7, adminId, status });

function outcomeOf<Result>(decide: () => Result): Result | { code: string; details: unknown } {
  try {
    return decide();
  } catch (error) {
    if (error instanceof Failure) return { code: error.code, details: error.details };
    throw error;
  }
}

describe('a change of status', () => {
  const LEGAL = ['PENDING ACTIVE', 'PENDING CLOSED', 'ACTIVE CLOSED', 'ACTIVE PENDING', 'CLOSED PENDING'];
  const statuses: ChatStatus[] = ['PENDING', 'ACTIVE', 'CLOSED'];
  const table = statuses.flatMap((from) => statuses.map((to): [ChatStatus, ChatStatus, boolean] => [from, to, LEGAL.includes(`${from} ${to}`)]));

  it.each(table)('from %s to %s is legal: %s', (from, to, legal) => {
    const outcome = outcomeOf(() => decideChange(chat(from, 5), { status: to }, admin));
    expect(outcome).toEqual(legal
      ? expect.objectContaining({ status: to })
      : { code: 'CHAT_CONFLICT', details: { status: from, adminId: 5 } });
  });

  it.each<[string, ChatState, Change, ChatState]>([
    ['a claim gives the chat to who is named', chat('PENDING'), { status: 'ACTIVE', adminId: 3 }, chat('ACTIVE', 3)],
    ['a claim that names nobody gives it to who claims', chat('PENDING'), { status: 'ACTIVE' }, chat('ACTIVE', 1)],
    ['a release leaves it with nobody', chat('ACTIVE', 3), { status: 'PENDING' }, chat('PENDING')],
    ['a close leaves it with its admin', chat('ACTIVE', 3), { status: 'CLOSED' }, chat('CLOSED', 3)],
    ['a close of a waiting chat leaves it with nobody', chat('PENDING'), { status: 'CLOSED' }, chat('CLOSED')],
    ['a reopened chat waits, with nobody', chat('CLOSED', 3), { status: 'PENDING' }, chat('PENDING')],
    ['an active chat may be handed over', chat('ACTIVE', 3), { adminId: 4 }, chat('ACTIVE', 4)],
  ])('%s', (_, before, change, after) => {
    expect(decideChange(before, change, admin)).toEqual(after);
    expect(before.clientId).toBe(after.clientId);
  });

  it('is not made to a closed chat by handing it over', () => {
    expect(outcomeOf(() => decideChange(chat('CLOSED', 3), { adminId: 4 }, admin))).toEqual({ code: 'CHAT_CONFLICT', details: { status: 'CLOSED', adminId: 3 } });
  });

  it('tells who claims too late whose the chat is', () => {
    expect(outcomeOf(() => decideChange(chat('ACTIVE', 3), { status: 'ACTIVE', adminId: 4 }, admin))).toEqual({ code: 'CHAT_CONFLICT', details: { status: 'ACTIVE', adminId: 3 } });
  });
});

describe('who may change a chat', () => {
  const changes: Change[] = [{ status: 'CLOSED' }, { status: 'ACTIVE' }, { status: 'PENDING' }, { adminId: 7 }, { status: 'CLOSED', adminId: 7 }, { status: 'ACTIVE', adminId: 7 }];

  it('an admin: in every way', () => {
    expect(changes.map((change) => outcomeOf(() => { requireMayChange(admin, change); }))).toEqual(changes.map(() => undefined));
  });

  it('a client: by closing it, and in no other way', () => {
    const forbidden = { code: 'FORBIDDEN', details: undefined };
    expect(changes.map((change) => outcomeOf(() => { requireMayChange(client, change); }))).toEqual([undefined, ...changes.slice(1).map(() => forbidden)]);
  });
});

describe('a new chat', () => {
  it('is a client\'s own, or of the client that an admin names', () => {
    expect(clientOfNewChat(client, undefined)).toBe(7);
    expect(clientOfNewChat(client, 7)).toBe(7);
    expect(clientOfNewChat(admin, 9)).toBe(9);
  });

  it('is not another\'s, nor nobody\'s', () => {
    expect(outcomeOf(() => clientOfNewChat(client, 8))).toEqual({ code: 'FORBIDDEN', details: undefined });
    expect(outcomeOf(() => clientOfNewChat(admin, undefined))).toMatchObject({ code: 'VALIDATION', details: { issues: [{ path: 'clientId' }] } });
  });
});

it.each<[Change, boolean]>([
  [{ status: 'ACTIVE', adminId: 1 }, true],
  [{ status: 'ACTIVE' }, true],
  [{ adminId: 1 }, true],
  [{ status: 'ACTIVE', adminId: 2 }, false],
  [{ status: 'CLOSED' }, false],
  [{ adminId: 2 }, false],
])('of an active chat of admin 1, %j from them asks for what already is: %s', (change, so) => {
  expect(asksForWhatIs(chat('ACTIVE', 1), change, admin)).toBe(so);
});

it('a claim that names nobody, by another admin, does not ask for what is', () => {
  expect(asksForWhatIs(chat('ACTIVE', 1), { status: 'ACTIVE' }, { ...admin, id: 2 })).toBe(false);
});
