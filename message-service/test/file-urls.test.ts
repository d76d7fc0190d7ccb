import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { FileSignature } from '@switchboard/shared/contracts';
import { createFileUrls } from '../src/files/file-urls.ts';

const HOUR_MS = 3_600_000;
const secret = 's'.repeat(32);
const { urlOf, isGood } = createFileUrls('https://chat.example', secret);
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
  expect(isGood(fileId, proofOf(url))).toBe(true);
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
  expect(isGood(fileId, proof)).toBe(true);
  jest.advanceTimersByTime(HOUR_MS);
  expect(isGood(fileId, proof)).toBe(false);
});

it('is invalid when any part of it was changed', () => {
  const { expires, signature } = proofOf(urlOf(fileId));
  expect(isGood(randomUUID(), { expires, signature })).toBe(false);
  expect(isGood(fileId, { expires: (Number(expires) + 1).toString(), signature })).toBe(false);
  expect(isGood(fileId, { expires: `0${expires}`, signature })).toBe(false);
  expect(isGood(fileId, { expires, signature: '' })).toBe(false);
  expect(isGood(fileId, { expires, signature: `${signature}A` })).toBe(false);
  expect(
    isGood(fileId, { expires, signature: (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1) }),
  ).toBe(false);
});

it('is valid on every replica with the secret, and invalid without it', () => {
  const proof = proofOf(urlOf(fileId));
  expect(createFileUrls('https://elsewhere.example', secret).isGood(fileId, proof)).toBe(true);
  expect(createFileUrls('https://chat.example', 't'.repeat(32)).isGood(fileId, proof)).toBe(false);
});

it('is valid with either secret while keys are rotated', () => {
  const [before, both] = [
    createFileUrls('https://chat.example', secret),
    createFileUrls('https://chat.example', 't'.repeat(32), secret),
  ];
  expect(both.isGood(fileId, proofOf(before.urlOf(fileId)))).toBe(true);
  expect(both.isGood(fileId, proofOf(both.urlOf(fileId)))).toBe(true);
  expect(before.isGood(fileId, proofOf(both.urlOf(fileId)))).toBe(false);
  expect(
    both.isGood(fileId, proofOf(createFileUrls('https://chat.example', 'u'.repeat(32)).urlOf(fileId))),
  ).toBe(false);
});
