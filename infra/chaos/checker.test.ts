import { describe, expect, it } from '@jest/globals';
import { check } from './checker.ts';
import type { Evidence, Operation, Seen } from './history.ts';

const message = (seq: number): Seen => ({ id: `id${seq}`, seq, text: `t${seq}` });
const sent = (seq: number, changes: Partial<Operation> = {}): Operation =>
  ({ chatId: 'c', senderId: 1, text: `t${seq}`, invokedAt: seq * 10, completedAt: seq * 10 + 5, outcome: 'ok', id: `id${seq}`, seq, attempts: 1, ...changes });

const sound: Evidence = {
  operations: [sent(1), sent(2), sent(3)],
  stored: new Map([['c', [message(1), message(2), message(3)]]]),
  views: [{ who: 'a', chatId: 'c', seen: [message(1), message(2), message(3)] }],
  closings: [{ chatId: 'c', answeredAt: 31 }, { chatId: 'other', answeredAt: 0 }],
  departures: [{ who: 'a', userId: 1, told: 1, true: 1 }, { who: 'b', userId: 2, told: 0, true: 3 }],
  activeUsers: [{ chatId: 'c', expected: [1], found: [1] }],
};

describe('the checker', () => {
  it('finds nothing wrong with a sound history', () => { expect(check(sound)).toEqual([]); });

  it('lets an unknown send stand or not', () => {
    expect(check({ ...sound, operations: [sent(1), sent(2, { outcome: 'info' }), sent(3), sent(9, { outcome: 'info' })] })).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, RegExp]>([
    ['a lost message', { stored: new Map([['c', [message(1), message(2)]]]), views: [] }, /acknowledged and lost: t3/],
    ['a message stored twice', { stored: new Map([['c', [message(1), message(2), message(3), { id: 'x', seq: 4, text: 't1' }]]]), views: [] }, /stored 2 times: t1/],
    ['a refused message that stands', { operations: [sent(1), sent(2), sent(3, { outcome: 'fail', code: 'CHAT_CLOSED' })] }, /refused and yet stored: t3/],
    ['a refusal without a reason', { operations: [sent(1), sent(2), sent(3), sent(4, { outcome: 'fail', code: 'INTERNAL' })] }, /as INTERNAL: t4/],
    ['a message nobody sent', { operations: [sent(1), sent(2)] }, /never sent: t3/],
    ['a hole', { operations: [sent(1), sent(3)], stored: new Map([['c', [message(1), message(3)]]]), views: [] }, /hole/],
    ['a reordering', { operations: [sent(1, { invokedAt: 100, completedAt: 105 }), sent(2), sent(3)] }, /reordered: t1/],
    ['a message seen twice', { views: [{ who: 'a', chatId: 'c', seen: [message(1), message(2), message(2), message(3)] }] }, /twice/],
    ['a message missed', { views: [{ who: 'a', chatId: 'c', seen: [message(1), message(3)] }] }, /a saw 2 of 3/],
    ['messages seen in another order', { views: [{ who: 'a', chatId: 'c', seen: [message(2), message(1), message(3)] }] }, /at 1: 2/],
    ['a message seen but not stored', { views: [{ who: 'a', chatId: 'c', seen: [message(1), message(2), message(3), message(4)] }] }, /not stored/],
    ['a message taken into a closed chat', { closings: [{ chatId: 'c', answeredAt: 29 }] }, /closed: t3/],
    ['a departure that was none', { departures: [{ who: 'a', userId: 1, told: 1, true: 0 }] }, /a was told 1 times that 1 had left/],
    ['a ghost', { activeUsers: [{ chatId: 'c', expected: [1], found: [1, 2] }] }, /active in chat c/],
  ])('finds %s', (_what, change, complaint) => {
    expect(check({ ...sound, ...change }).join('\n')).toMatch(complaint);
  });
});
