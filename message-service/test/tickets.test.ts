import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Tickets } from '../src/files/tickets.ts';

const tickets = new Tickets('http://127.0.0.1:4000');
const file = { fileId: randomUUID(), ownerId: 7, name: 'résumé "1".pdf', contentType: 'application/pdf' };
const pathOf = (url: string) => new URL(url).pathname;

beforeEach(() => { jest.useFakeTimers(); });
afterEach(() => { jest.useRealTimers(); });

it('say what they were given for', () => {
  const put = tickets.grantPut(file);
  expect(put.startsWith('http://127.0.0.1:4000/blobs/')).toBe(true);
  expect(tickets.take(pathOf(put))).toMatchObject({ action: 'put', ...file });
  expect(tickets.take(pathOf(tickets.grantGet(file.fileId)))).toMatchObject({ action: 'get', fileId: file.fileId });
});

it('are good for a minute', () => {
  const path = pathOf(tickets.grantGet(file.fileId));
  jest.advanceTimersByTime(59_000);
  expect(tickets.take(path)).toBeDefined();
  jest.advanceTimersByTime(1_001);
  expect(tickets.take(path)).toBeUndefined();
});

it('to put are good once, to get as often as one likes', () => {
  const put = pathOf(tickets.grantPut(file));
  const get = pathOf(tickets.grantGet(file.fileId));
  expect([tickets.take(put)?.action, tickets.take(put)?.action]).toEqual(['put', undefined]);
  expect([tickets.take(get)?.action, tickets.take(get)?.action]).toEqual(['get', 'get']);
});

it('are good only in the process that gave them', () => {
  expect(new Tickets('http://127.0.0.1:4000').take(pathOf(tickets.grantPut(file)))).toBeUndefined();
});

it('are no longer good when changed', () => {
  const path = pathOf(tickets.grantPut(file));
  const [, ticket = '', signature = ''] = /^\/blobs\/(.+)\.(.+)$/.exec(path) ?? [];
  const forged = Buffer.from(Buffer.from(ticket, 'base64url').toString().replace('"ownerId":7', '"ownerId":8')).toString('base64url');
  expect(forged).not.toBe(ticket);
  expect(tickets.take(`/blobs/${forged}.${signature}`)).toBeUndefined();
  expect(tickets.take(`/blobs/${ticket}.`)).toBeUndefined();
  expect(tickets.take(`/blobs/${ticket}`)).toBeUndefined();
  expect(tickets.take('/blobs/')).toBeUndefined();
});
