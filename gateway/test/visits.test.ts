import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { CONNECT_WITHIN_MS, Visits } from '../src/auth/visits.ts';

class Connection extends EventEmitter {
  readyState = 'open';
  close(): void {
    if (this.readyState !== 'open') return;
    this.readyState = 'closed';
    this.emit('close');
  }
}

let visits: Visits;
let connection: Connection;
beforeEach(() => {
  jest.useFakeTimers();
  visits = new Visits();
  connection = new Connection();
});
afterEach(() => { jest.useRealTimers(); });

it('a connection is one socket\'s at a time', () => {
  expect(visits.begin(connection)).toBe(true);
  expect(visits.begin(connection)).toBe(false);
  visits.leave(connection);
  expect(visits.begin(connection)).toBe(true);
  expect(visits.begin(new Connection())).toBe(true);
});

it('is connected a few times over and no more, and nothing of those before stays with it', () => {
  for (let n = 0; n < 10; n++) {
    expect(visits.begin(connection)).toBe(true);
    visits.leave(connection);
  }
  expect(visits.begin(connection)).toBe(false);
  expect(connection.listenerCount('close')).toBe(1);
  expect(jest.getTimerCount()).toBe(1);
});

it('ends when it has been without a socket for a while, and not before', () => {
  visits.begin(connection);
  jest.advanceTimersByTime(10 * CONNECT_WITHIN_MS);
  visits.leave(connection);
  jest.advanceTimersByTime(CONNECT_WITHIN_MS - 1);
  expect(connection.readyState).toBe('open');
  visits.begin(connection);
  jest.advanceTimersByTime(10 * CONNECT_WITHIN_MS);
  expect(connection.readyState).toBe('open');
  visits.leave(connection);
  jest.advanceTimersByTime(CONNECT_WITHIN_MS);
  expect(connection.readyState).toBe('closed');
  expect(jest.getTimerCount()).toBe(0);
});

it('waits for nothing once it has ended, whichever comes first', () => {
  visits.begin(connection);
  connection.close();
  visits.leave(connection);
  expect(jest.getTimerCount()).toBe(0);
});
