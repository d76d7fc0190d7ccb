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
afterEach(() => {
  jest.useRealTimers();
});

it('allows one socket at a time', () => {
  expect(visits.begin(connection)).toBe(true);
  expect(visits.begin(connection)).toBe(false);
  visits.leave(connection);
  expect(visits.begin(connection)).toBe(true);
  expect(visits.begin(new Connection())).toBe(true);
});

it('allows ten sockets over the life of a connection and leaves no listeners', () => {
  for (let n = 0; n < 10; n++) {
    expect(visits.begin(connection)).toBe(true);
    visits.leave(connection);
  }
  expect(visits.begin(connection)).toBe(false);
  expect(connection.listenerCount('close')).toBe(1);
  expect(jest.getTimerCount()).toBe(1);
});

it('closes a connection that stays without a socket', () => {
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

it('leaves no timer when the connection has ended', () => {
  visits.begin(connection);
  connection.close();
  visits.leave(connection);
  expect(jest.getTimerCount()).toBe(0);
});
