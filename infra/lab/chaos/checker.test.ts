import { describe, expect, it } from '@jest/globals';
import { check } from './checker.ts';
import type { Evidence, Operation, Seen } from './history.ts';

const message = (seq: number): Seen => ({ id: `id${seq}`, seq, text: `t${seq}` });
const sent = (seq: number, changes: Partial<Operation> = {}): Operation => ({
  chatId: 'c',
  senderId: 1,
  text: `t${seq}`,
  invokedAt: seq * 10,
  completedAt: seq * 10 + 5,
  outcome: 'ok',
  id: `id${seq}`,
  seq,
  attempts: 1,
  ...changes,
});

const sound: Evidence = {
  operations: [sent(1), sent(2), sent(3)],
  stored: new Map([['c', [message(1), message(2), message(3)]]]),
  views: [{ who: 'a', chatId: 'c', seen: [message(1), message(2), message(3)] }],
  closings: [
    { chatId: 'c', repliedAt: 31 },
    { chatId: 'other', repliedAt: 0 },
  ],
  departures: [
    { who: 'a', userId: 1, reported: 1, actual: 1 },
    { who: 'b', userId: 2, reported: 0, actual: 3 },
  ],
  activeUsers: [{ chatId: 'c', expected: [1], found: [1] }],
};

describe('the checker', () => {
  it('returns no complaint for a correct history', () => {
    expect(check(sound)).toEqual([]);
  });

  it('accepts a send of unknown outcome, stored or not', () => {
    expect(
      check({
        ...sound,
        operations: [sent(1), sent(2, { outcome: 'info' }), sent(3), sent(9, { outcome: 'info' })],
      }),
    ).toEqual([]);
  });

  it.each<[string, Partial<Evidence>]>([
    ['acknowledged sends', { operations: [sent(1, { outcome: 'info' })] }],
    ['stored messages', { stored: new Map() }],
    ['messages that members received', { views: [{ who: 'a', chatId: 'c', seen: [] }] }],
    ['closed chats', { closings: [] }],
    ['active users', { activeUsers: [] }],
    ['members whose departure could be reported', { departures: [] }],
  ])('complains when there are no %s', (what, change) => {
    expect(check({ ...sound, ...change })).toContain(`nothing was checked: there are no ${what}`);
  });

  it('does not check departures when a lease is lost', () => {
    expect(check({ ...sound, departures: undefined })).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, RegExp]>([
    [
      'a lost message',
      { stored: new Map([['c', [message(1), message(2)]]]), views: [] },
      /acknowledged but lost: t3/,
    ],
    [
      'a message stored twice',
      {
        stored: new Map([['c', [message(1), message(2), message(3), { id: 'x', seq: 4, text: 't1' }]]]),
        views: [],
      },
      /stored 2 times: t1/,
    ],
    [
      'a refused message that is stored',
      { operations: [sent(1), sent(2), sent(3, { outcome: 'fail', code: 'CHAT_CLOSED' })] },
      /refused but stored: t3/,
    ],
    [
      'a permanent refusal caused by the fault',
      { operations: [sent(1), sent(2), sent(3), sent(4, { outcome: 'fail', code: 'INTERNAL' })] },
      /with INTERNAL: t4/,
    ],
    ['a stored message that was not sent', { operations: [sent(1), sent(2)] }, /never sent: t3/],
    [
      'a gap in seq',
      { operations: [sent(1), sent(3)], stored: new Map([['c', [message(1), message(3)]]]), views: [] },
      /gap/,
    ],
    [
      'a message stored out of order',
      { operations: [sent(1, { invokedAt: 100, completedAt: 105 }), sent(2), sent(3)] },
      /reordered: t1/,
    ],
    [
      'a message seen twice',
      { views: [{ who: 'a', chatId: 'c', seen: [message(1), message(2), message(2), message(3)] }] },
      /twice/,
    ],
    [
      'a message that a member missed',
      { views: [{ who: 'a', chatId: 'c', seen: [message(1), message(3)] }] },
      /a saw 2 of 3/,
    ],
    [
      'messages seen in another order',
      { views: [{ who: 'a', chatId: 'c', seen: [message(2), message(1), message(3)] }] },
      /at 1: 2/,
    ],
    [
      'a message seen but not stored',
      { views: [{ who: 'a', chatId: 'c', seen: [message(1), message(2), message(3), message(4)] }] },
      /not stored/,
    ],
    ['a message acknowledged in a closed chat', { closings: [{ chatId: 'c', repliedAt: 29 }] }, /closed: t3/],
    [
      'a `left` event for a user who stayed',
      { departures: [{ who: 'a', userId: 1, reported: 1, actual: 0 }] },
      /a received 1 `left` events for user 1/,
    ],
    [
      'an active user who is not there',
      { activeUsers: [{ chatId: 'c', expected: [1], found: [1, 2] }] },
      /active users of chat c/,
    ],
  ])('finds %s', (_what, change, complaint) => {
    expect(check({ ...sound, ...change }).join('\n')).toMatch(complaint);
  });
});
