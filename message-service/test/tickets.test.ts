import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Tickets } from '../src/files/tickets.ts';

const tickets = new Tickets('http://127.0.0.1:4000');
const file = { fileId: randomUUID(), ownerId: 7, name: 'résumé "1".pdf', contentType: 'application/pdf' };
const pathOf = (url: string) => new URL(url).pathname;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

it('contain the transfer that they were granted for', () => {
  const put = tickets.grantPut(file);
  expect(put.startsWith('http://127.0.0.1:4000/blobs/')).toBe(true);
  expect(tickets.redeem(pathOf(put))).toMatchObject({ action: 'put', ...file });
  expect(tickets.redeem(pathOf(tickets.grantGet(file.fileId)))).toMatchObject({
    action: 'get',
    fileId: file.fileId,
  });
});

it('are valid for a minute', () => {
  const path = pathOf(tickets.grantGet(file.fileId));
  jest.advanceTimersByTime(59_000);
  expect(tickets.redeem(path)).toBeDefined();
  jest.advanceTimersByTime(1_001);
  expect(tickets.redeem(path)).toBeUndefined();
});

it('are valid once to put, and any number of times to get', () => {
  const put = pathOf(tickets.grantPut(file));
  const get = pathOf(tickets.grantGet(file.fileId));
  expect([tickets.redeem(put)?.action, tickets.redeem(put)?.action]).toEqual(['put', undefined]);
  expect([tickets.redeem(get)?.action, tickets.redeem(get)?.action]).toEqual(['get', 'get']);
});

it('are valid only in the process that granted them', () => {
  expect(new Tickets('http://127.0.0.1:4000').redeem(pathOf(tickets.grantPut(file)))).toBeUndefined();
});

it('are invalid when changed', () => {
  const path = pathOf(tickets.grantPut(file));
  const [, ticket = '', signature = ''] = /^\/blobs\/(.+)\.(.+)$/.exec(path) ?? [];
  const forged = Buffer.from(
    Buffer.from(ticket, 'base64url').toString().replace('"ownerId":7', '"ownerId":8'),
  ).toString('base64url');
  expect(forged).not.toBe(ticket);
  expect(tickets.redeem(`/blobs/${forged}.${signature}`)).toBeUndefined();
  expect(tickets.redeem(`/blobs/${ticket}.`)).toBeUndefined();
  expect(tickets.redeem(`/blobs/${ticket}`)).toBeUndefined();
  expect(tickets.redeem('/blobs/')).toBeUndefined();
});
