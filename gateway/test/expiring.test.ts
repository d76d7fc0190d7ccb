import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { TYPING_MS, userTyping } from '@switchboard/shared/contracts';
import { Expiring } from '../src/rooms/expiring.ts';

const chatId = randomUUID();
let told: unknown[];
let expiring: Expiring;

beforeEach(() => {
  jest.useFakeTimers();
  told = [];
  expiring = new Expiring((contract, payload) => {
    const { userId, isTyping } = userTyping.payload.parse(payload);
    told.push([contract.event, userId, isTyping]);
  });
});
afterEach(() => { jest.useRealTimers(); });

const hear = (userId: number, isTyping: boolean) => { expiring.hear(userTyping, { chatId, userId, email: 'a@b.c', isTyping }); };
const begins = (userId: number) => ['userTyping', userId, true];
const ends = (userId: number) => ['userTyping', userId, false];

it('ends when its author says so, once', () => {
  hear(1, true);
  hear(1, false);
  hear(1, false);
  jest.advanceTimersByTime(TYPING_MS);
  expect(told).toEqual([begins(1), ends(1)]);
});

it('ends by itself after six seconds', () => {
  hear(1, true);
  jest.advanceTimersByTime(5_999);
  expect(told).toEqual([begins(1)]);
  jest.advanceTimersByTime(1);
  expect(told).toEqual([begins(1), ends(1)]);
});

it('goes on as long as it is renewed', () => {
  hear(1, true);
  jest.advanceTimersByTime(5_000);
  hear(1, true);
  jest.advanceTimersByTime(5_000);
  expect(told).toEqual([begins(1), begins(1)]);
  jest.advanceTimersByTime(1_000);
  expect(told.at(-1)).toEqual(ends(1));
});

it('ends with what implies the end, of the same author only', () => {
  hear(1, true);
  hear(2, true);
  expiring.endBy('messagesRead', 1);
  expect(told).toEqual([begins(1), begins(2)]);
  expiring.endBy('newMessage', 1);
  expiring.endBy('newMessage', 1);
  expect(told).toEqual([begins(1), begins(2), ends(1)]);
  expiring.endBy('participantUpdate', 2);
  expect(told.at(-1)).toEqual(ends(2));
  jest.advanceTimersByTime(TYPING_MS);
  expect(told).toHaveLength(4);
});

it('tells nobody the end of what has not begun', () => {
  hear(1, false);
  expiring.endBy('newMessage', 1);
  expect(told).toEqual([]);
});

it('leaves nothing behind when cleared', () => {
  hear(1, true);
  expiring.clear();
  jest.advanceTimersByTime(TYPING_MS);
  expect(told).toEqual([begins(1)]);
  expect(jest.getTimerCount()).toBe(0);
});
