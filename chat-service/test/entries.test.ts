import { describe, expect, it } from '@jest/globals';
import { LogRenderer, UnknownEvents, type LogRow } from '@switchboard/shared/log';
import { silent } from '@switchboard/infra/test';
import type { ChatState } from '../src/domain/chat.ts';
import { entriesOf } from '../src/domain/entries.ts';
import { placementOf } from '../src/domain/placements.ts';
import { events } from '../src/events.ts';

const chatId = '0193a1b2-0000-7000-8000-000000000001';
const at = '2026-03-14T15:09:26.535Z';
const pending: ChatState = { id: chatId, clientId: 42, adminId: undefined, status: 'PENDING' };
const active: ChatState = { ...pending, adminId: 7, status: 'ACTIVE' };
const origin = { at, by: 8 };

describe('the entries of a change', () => {
  it('say when it was made and by whom, each with the next rev', () => {
    expect(entriesOf(pending, active, 1, origin)).toEqual([
      { event: 'chatStatusChanged', rev: 2, payload: { chatId, status: 'ACTIVE', adminId: 7, at, by: 8 } },
      { event: 'chatAssigned', rev: 3, payload: { chatId, adminId: 7, at, by: 8 } },
    ]);
  });

  it('are one for another admin and one for another status', () => {
    expect(entriesOf(active, { ...active, adminId: 9 }, 3, origin)).toMatchObject([
      { event: 'chatAssigned', rev: 4, payload: { adminId: 9 } },
    ]);
    expect(entriesOf(active, { ...active, status: 'CLOSED' }, 3, origin)).toMatchObject([
      { event: 'chatStatusChanged', rev: 4, payload: { status: 'CLOSED', adminId: 7 } },
    ]);
  });
});

describe('an entry', () => {
  const renderer = new LogRenderer(events, new UnknownEvents(silent));
  const rowOf = (payload: object): LogRow => ({
    chatId,
    rev: 4,
    event: 'chatStatusChanged',
    payload: { chatId, status: 'CLOSED', ...payload },
    at: new Date('2026-03-14T16:00:00.000Z'),
  });
  const placed = placementOf([{ rev: 4, afterSeq: 12, afterRev: 14 }]);

  it('is rendered with its place, and with what only a newer version knows', () => {
    expect(renderer.render([rowOf({ at, by: 8, mood: 'new' })], placed)).toEqual([
      {
        event: 'chatStatusChanged',
        rev: 4,
        afterRev: 14,
        payload: { chatId, status: 'CLOSED', at, by: 8, mood: 'new', afterSeq: 12 },
      },
    ]);
  });

  it('of an earlier version has the time of its row and no author', () => {
    const [entry] = renderer.render([rowOf({})], placementOf([]));
    expect(entry?.payload).toEqual({ chatId, status: 'CLOSED', at: '2026-03-14T16:00:00.000Z' });
    expect(entry?.afterRev).toBeUndefined();
  });

  it('leaves for other systems as its log stores it: one id has one body', () => {
    for (const row of [rowOf({}), rowOf({ at, by: 8 })])
      expect(renderer.publish([row], undefined)).toEqual([{ data: row.payload, asOf: 4 }]);
  });
});
