import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FileSignature } from '@switchboard/shared/contracts';
import { digestOfToken, narrow, type FileHolder } from '@switchboard/shared/file-holder';
import { createFileUrls } from '../src/files/file-urls.ts';

const HOUR_MS = 3_600_000;
const secret = 's'.repeat(32);
const { urlOf, holderOf } = createFileUrls('https://chat.example', secret);
const fileId = randomUUID();

const proofOf = (url: string): FileSignature =>
  FileSignature.parse(Object.fromEntries(new URL(url).searchParams));

beforeEach(() => {
  jest.useFakeTimers({ now: new Date('2026-01-01T10:59:59Z') });
});
afterEach(() => {
  jest.useRealTimers();
});

it('points at the file on the gateway, with a valid proof', () => {
  const url = urlOf(fileId);
  expect(url.startsWith(`https://chat.example/api/v1/files/${fileId}?`)).toBe(true);
  expect(holderOf(fileId, proofOf(url))).toBe('anyone');
});

it('stays the same for a while, so that browsers cache it, and is renewed later', () => {
  const url = urlOf(fileId);
  jest.advanceTimersByTime(500);
  expect(urlOf(fileId)).toBe(url);
  jest.advanceTimersByTime(HOUR_MS);
  expect(urlOf(fileId)).not.toBe(url);
});

it('is valid for at least an hour, and expires', () => {
  const proof = proofOf(urlOf(fileId));
  jest.advanceTimersByTime(HOUR_MS);
  expect(holderOf(fileId, proof)).toBe('anyone');
  jest.advanceTimersByTime(HOUR_MS);
  expect(holderOf(fileId, proof)).toBeUndefined();
});

it('is invalid when any part of it was changed', () => {
  const { expires, signature } = proofOf(urlOf(fileId));
  expect(holderOf(randomUUID(), { expires, signature })).toBeUndefined();
  expect(holderOf(fileId, { expires: (Number(expires) + 1).toString(), signature })).toBeUndefined();
  expect(holderOf(fileId, { expires: `0${expires}`, signature })).toBeUndefined();
  expect(holderOf(fileId, { expires, signature: '' })).toBeUndefined();
  expect(holderOf(fileId, { expires, signature: `${signature}A` })).toBeUndefined();
  expect(
    holderOf(fileId, { expires, signature: (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1) }),
  ).toBeUndefined();
});

it('is valid on every replica with the secret, and invalid without it', () => {
  const proof = proofOf(urlOf(fileId));
  expect(createFileUrls('https://elsewhere.example', secret).holderOf(fileId, proof)).toBe('anyone');
  expect(createFileUrls('https://chat.example', 't'.repeat(32)).holderOf(fileId, proof)).toBeUndefined();
});

it('is valid with either secret while keys are rotated', () => {
  const [before, both] = [
    createFileUrls('https://chat.example', secret),
    createFileUrls('https://chat.example', 't'.repeat(32), secret),
  ];
  expect(both.holderOf(fileId, proofOf(before.urlOf(fileId)))).toBe('anyone');
  expect(both.holderOf(fileId, proofOf(both.urlOf(fileId)))).toBe('anyone');
  expect(before.holderOf(fileId, proofOf(both.urlOf(fileId)))).toBeUndefined();
  expect(
    both.holderOf(fileId, proofOf(createFileUrls('https://chat.example', 'u'.repeat(32)).urlOf(fileId))),
  ).toBeUndefined();
});

describe('a URL that a gateway has narrowed to its receiver', () => {
  const receiver: FileHolder = { userId: 7, role: 'client', issuedAt: 1_767_000_000, tokenDigest: undefined };
  const narrowed = (holder = receiver, urls = createFileUrls('https://chat.example', secret)) => {
    const { expires, signature } = proofOf(urls.urlOf(fileId));
    return { expires, signature: narrow(signature, holder) };
  };

  it('names the receiver, until it expires', () => {
    const proof = narrowed();
    expect(holderOf(fileId, proof)).toEqual({ id: 7, role: 'client' });
    jest.advanceTimersByTime(2 * HOUR_MS);
    expect(holderOf(fileId, proof)).toBeUndefined();
  });

  it('is invalid for another user, role, file, time or token', () => {
    const { expires, signature } = narrowed({ ...receiver, tokenDigest: digestOfToken('a token') });
    for (const [part, other] of [
      ['client.', 'admin.'],
      ['.7.', '.8.'],
      ['.7.', '.07.'],
      ['.1767000000.', '.1767000001.'],
      [`.${digestOfToken('a token')}.`, '..'],
      [`.${digestOfToken('a token')}.`, `.${digestOfToken('another')}.`],
    ] as const) {
      const changed = signature.replace(part, other);
      expect(changed).not.toBe(signature);
      expect(holderOf(fileId, { expires, signature: changed })).toBeUndefined();
    }
    expect(holderOf(randomUUID(), { expires, signature })).toBeUndefined();
    expect(holderOf(fileId, { expires: (Number(expires) + 1).toString(), signature })).toBeUndefined();
  });

  it('cannot be widened, nor narrowed again to another user', () => {
    const { expires, signature } = narrowed();
    const mac = signature.split('.').at(-1) ?? '';
    const again = narrow(mac, { ...receiver, userId: 8 });
    for (const other of [mac, narrow(signature, { ...receiver, userId: 8 }), again])
      expect(holderOf(fileId, { expires, signature: other })).toBeUndefined();
  });

  it('is valid with either secret while keys are rotated', () => {
    const [before, both, after] = [
      createFileUrls('https://chat.example', secret),
      createFileUrls('https://chat.example', 't'.repeat(32), secret),
      createFileUrls('https://chat.example', 't'.repeat(32)),
    ];
    expect(both.holderOf(fileId, narrowed(receiver, before))).toEqual({ id: 7, role: 'client' });
    expect(after.holderOf(fileId, narrowed(receiver, both))).toEqual({ id: 7, role: 'client' });
    expect(after.holderOf(fileId, narrowed(receiver, before))).toBeUndefined();
  });

  it('fits the field of the version before, however long its parts are', () => {
    const longest = narrowed({
      userId: Number.MAX_SAFE_INTEGER,
      role: 'client',
      issuedAt: 9_999_999_999,
      tokenDigest: digestOfToken('x'.repeat(255)),
    });
    expect(longest.signature.length).toBeLessThanOrEqual(100);
    expect(FileSignature.parse(longest)).toEqual(longest);
    expect(holderOf(fileId, longest)).toEqual({ id: Number.MAX_SAFE_INTEGER, role: 'client' });
  });
});
