import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { TYPING_MS, userTyping } from '@switchboard/shared/contracts';
import { Expiring } from '../src/rooms/expiring.ts';

const chatId = randomUUID();
let emitted: unknown[];
let expiring: Expiring;

beforeEach(() => {
  jest.useFakeTimers();
  emitted = [];
  expiring = new Expiring((contract, payload) => {
    const { userId, isTyping } = userTyping.payload.parse(payload);
    emitted.push([contract.event, userId, isTyping]);
  });
});
afterEach(() => {
  jest.useRealTimers();
});

const receive = (userId: number, isTyping: boolean) => {
  expiring.receive(userTyping, { chatId, userId, email: 'a@b.c', isTyping });
};
const begins = (userId: number) => ['userTyping', userId, true];
const ends = (userId: number) => ['userTyping', userId, false];

it('ends once when its author ends it', () => {
  receive(1, true);
  receive(1, false);
  receive(1, false);
  jest.advanceTimersByTime(TYPING_MS);
  expect(emitted).toEqual([begins(1), ends(1)]);
});

it('ends after six seconds without a renewal', () => {
  receive(1, true);
  jest.advanceTimersByTime(5_999);
  expect(emitted).toEqual([begins(1)]);
  jest.advanceTimersByTime(1);
  expect(emitted).toEqual([begins(1), ends(1)]);
});

it('lasts while it is renewed', () => {
  receive(1, true);
  jest.advanceTimersByTime(5_000);
  receive(1, true);
  jest.advanceTimersByTime(5_000);
  expect(emitted).toEqual([begins(1), begins(1)]);
  jest.advanceTimersByTime(1_000);
  expect(emitted.at(-1)).toEqual(ends(1));
});

it('ends with an event of the same author that implies the end', () => {
  receive(1, true);
  receive(2, true);
  expiring.endBy('messagesRead', 1);
  expect(emitted).toEqual([begins(1), begins(2)]);
  expiring.endBy('newMessage', 1);
  expiring.endBy('newMessage', 1);
  expect(emitted).toEqual([begins(1), begins(2), ends(1)]);
  expiring.endBy('participantUpdate', 2);
  expect(emitted.at(-1)).toEqual(ends(2));
  jest.advanceTimersByTime(TYPING_MS);
  expect(emitted).toHaveLength(4);
});

it('drops the end of a state that has not begun', () => {
  receive(1, false);
  expiring.endBy('newMessage', 1);
  expect(emitted).toEqual([]);
});

it('emits nothing after clear', () => {
  receive(1, true);
  expiring.clear();
  jest.advanceTimersByTime(TYPING_MS);
  expect(emitted).toEqual([begins(1)]);
  expect(jest.getTimerCount()).toBe(0);
});
