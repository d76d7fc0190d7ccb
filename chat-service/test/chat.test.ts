import { describe, expect, it } from '@jest/globals';
import type { Actor, ChatStatus } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import {
  clientOfNewChat,
  decideChange,
  requireMayChange,
  requireMayOpen,
  type Change,
  type ChatState,
} from '../src/domain/chat.ts';

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
  const SAME = ['PENDING PENDING', 'CLOSED CLOSED'];
  const statuses: ChatStatus[] = ['PENDING', 'ACTIVE', 'CLOSED'];
  const table = statuses.flatMap((from) =>
    statuses.map((to): [ChatStatus, ChatStatus, boolean] => [
      from,
      to,
      [...LEGAL, ...SAME].includes(`${from} ${to}`),
    ]),
  );

  it.each(table)('from %s to %s is legal: %s', (from, to, legal) => {
    const before = chat(from, from === 'PENDING' ? undefined : 5);
    const outcome = outcomeOf(() => decideChange(before, { status: to }, admin));
    expect(outcome).toEqual(
      legal
        ? expect.objectContaining({ status: to })
        : { code: 'CHAT_CONFLICT', details: { status: from, adminId: 5 } },
    );
  });

  it.each<[string, ChatState, Change, ChatState]>([
    [
      'a claim assigns the admin that it names',
      chat('PENDING'),
      { status: 'ACTIVE', adminId: 3 },
      chat('ACTIVE', 3),
    ],
    [
      'a claim that names no admin assigns the actor',
      chat('PENDING'),
      { status: 'ACTIVE' },
      chat('ACTIVE', 1),
    ],
    ['a release removes the admin', chat('ACTIVE', 3), { status: 'PENDING' }, chat('PENDING')],
    ['a close keeps the admin', chat('ACTIVE', 3), { status: 'CLOSED' }, chat('CLOSED', 3)],
    ['a close of a pending chat assigns no admin', chat('PENDING'), { status: 'CLOSED' }, chat('CLOSED')],
    [
      'a reopened chat is pending and has no admin',
      chat('CLOSED', 3),
      { status: 'PENDING' },
      chat('PENDING'),
    ],
    ['an active chat can be handed over', chat('ACTIVE', 3), { adminId: 4 }, chat('ACTIVE', 4)],
    ['an admin for a chat that waits is a claim', chat('PENDING'), { adminId: 3 }, chat('ACTIVE', 3)],
    [
      'an admin can be named with the close',
      chat('ACTIVE', 3),
      { status: 'CLOSED', adminId: 4 },
      chat('CLOSED', 4),
    ],
  ])('%s', (_, before, change, after) => {
    expect(decideChange(before, change, admin)).toEqual(after);
    expect(before.clientId).toBe(after.clientId);
  });

  it('is a conflict when a closed chat is handed over', () => {
    expect(outcomeOf(() => decideChange(chat('CLOSED', 3), { adminId: 4 }, admin))).toEqual({
      code: 'CHAT_CONFLICT',
      details: { status: 'CLOSED', adminId: 3 },
    });
  });

  it('is a conflict that names the current admin when the claim is late', () => {
    expect(outcomeOf(() => decideChange(chat('ACTIVE', 3), { status: 'ACTIVE', adminId: 4 }, admin))).toEqual(
      { code: 'CHAT_CONFLICT', details: { status: 'ACTIVE', adminId: 3 } },
    );
  });
});

describe('a change that already holds', () => {
  it.each<[ChatState, Change]>([
    [chat('ACTIVE', 1), { status: 'ACTIVE', adminId: 1 }],
    [chat('ACTIVE', 1), { status: 'ACTIVE' }],
    [chat('ACTIVE', 1), { adminId: 1 }],
    [chat('ACTIVE', 2), { status: 'ACTIVE', adminId: 2 }],
    [chat('PENDING'), { status: 'PENDING' }],
    [chat('CLOSED', 3), { status: 'CLOSED' }],
  ])('leaves the chat as it is: %j, %j', (before, change) => {
    expect(decideChange(before, change, admin)).toBe(before);
  });
});

describe('of two claims', () => {
  const claims: Change[] = [{ status: 'ACTIVE' }, { adminId: 1 }, { status: 'ACTIVE', adminId: 1 }];
  it.each(claims)('the later one is a conflict that names the winner, spelled %j', (change) => {
    expect(outcomeOf(() => decideChange(chat('ACTIVE', 2), change, admin))).toEqual({
      code: 'CHAT_CONFLICT',
      details: { status: 'ACTIVE', adminId: 2 },
    });
  });
});

describe('an admin', () => {
  it.each<[string, ChatState, Change]>([
    ["is not the chat's own client", chat('PENDING'), { adminId: 7 }],
    ["is not the chat's own client when it is claimed", chat('PENDING'), { status: 'ACTIVE', adminId: 7 }],
    ["is not the chat's own client when it is handed over", chat('ACTIVE', 1), { adminId: 7 }],
    ['is not named for a chat that shall wait', chat('ACTIVE', 1), { status: 'PENDING', adminId: 2 }],
  ])('%s', (_, before, change) => {
    expect(outcomeOf(() => decideChange(before, change, admin))).toMatchObject({
      code: 'VALIDATION',
      details: { issues: [{ path: 'adminId' }] },
    });
  });
});

describe('permission to change a chat', () => {
  const changes: Change[] = [
    { status: 'CLOSED' },
    { status: 'ACTIVE' },
    { status: 'PENDING' },
    { adminId: 7 },
    { status: 'CLOSED', adminId: 7 },
    { status: 'ACTIVE', adminId: 7 },
  ];

  it('is given to an admin for every change', () => {
    expect(
      changes.map((change) =>
        outcomeOf(() => {
          requireMayChange(admin, change);
        }),
      ),
    ).toEqual(changes.map(() => undefined));
  });

  it('is given to a client for closing only', () => {
    const forbidden = { code: 'FORBIDDEN', details: undefined };
    expect(
      changes.map((change) =>
        outcomeOf(() => {
          requireMayChange(client, change);
        }),
      ),
    ).toEqual([undefined, ...changes.slice(1).map(() => forbidden)]);
  });
});

describe('a new chat', () => {
  it('belongs to the client who opens it, or to the client that an admin names', () => {
    expect(clientOfNewChat(client, undefined)).toBe(7);
    expect(clientOfNewChat(client, 7)).toBe(7);
    expect(clientOfNewChat(admin, 9)).toBe(9);
  });

  it('is refused for another client, and to an admin who names no client', () => {
    expect(outcomeOf(() => clientOfNewChat(client, 8))).toEqual({ code: 'FORBIDDEN', details: undefined });
    expect(outcomeOf(() => clientOfNewChat(admin, undefined))).toMatchObject({
      code: 'VALIDATION',
      details: { issues: [{ path: 'clientId' }] },
    });
  });
});

describe('the limit of open chats', () => {
  const open = [{ id: 'newest' }, { id: 'older' }];

  it('names the newest open chat when one more is not allowed', () => {
    expect(
      outcomeOf(() => {
        requireMayOpen(open, { maxOpen: 2 });
      }),
    ).toEqual({ code: 'TOO_MANY_CHATS', details: { limit: 2, chatId: 'newest' } });
  });

  it.each([3, 0])('of %d allows one more', (maxOpen) => {
    expect(
      outcomeOf(() => {
        requireMayOpen(open, { maxOpen });
      }),
    ).toBeUndefined();
  });
});
