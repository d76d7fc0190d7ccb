import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { Json } from '@switchboard/shared/bus';
import { digestOfToken, narrow, readHolder } from '@switchboard/shared/file-holder';
import type { UserIdentity } from '../src/auth/claims.ts';
import { forReceiver, hasFileUrl } from '../src/auth/file-urls.ts';
import { aMessage, owner } from './given.ts';

const receiver: UserIdentity = {
  kind: 'user',
  actor: owner,
  issuedAt: 1_767_000_000_900,
  expiresAt: 1_767_000_600_000,
  tokenId: 'token-7',
};
const signature = 's'.repeat(43);
const url = (signed = signature) =>
  `https://chat.example/api/v1/files/${randomUUID()}?expires=1767003600&signature=${signed}`;
const signatureOf = (fileUrl = '') => new URL(fileUrl).searchParams.get('signature') ?? '';

it('narrows each fileUrl to its receiver, also that of a quoted message', () => {
  const quoted = { ...aMessage(randomUUID(), 1), fileUrl: url() };
  const message = { ...aMessage(quoted.chatId, 2), fileUrl: url(), replyTo: quoted };
  for (const data of [message, new Json(JSON.stringify(message))]) {
    const { text } = forReceiver(data, receiver);
    const narrowed: typeof message = JSON.parse(text);
    const holder = { userId: owner.id, role: owner.role, issuedAt: 1_767_000_000 };
    for (const { fileUrl } of [narrowed, narrowed.replyTo]) {
      expect(signatureOf(fileUrl)).toBe(
        narrow(signature, { ...holder, tokenDigest: digestOfToken('token-7') }),
      );
      expect(readHolder(signatureOf(fileUrl))).toMatchObject(holder);
    }
    expect(text).not.toContain(`=${signature}"`);
  }
});

it('leaves everything else as the owner wrote it', () => {
  const json = `{"text":"\\"fileUrl\\":\\"https://x?expires=1&signature=${signature}\\"","n":[1, 2]}`;
  expect(hasFileUrl(json)).toBe(false);
  expect(forReceiver(new Json(json), receiver).text).toBe(json);
  expect(forReceiver(undefined, receiver).text).toBe('null');
});

it('leaves a text that ends like the name of the field', () => {
  const message = { ...aMessage(randomUUID(), 1), text: `"fileUrl":"${url()}"`, fileUrl: url() };
  const narrowed: typeof message = JSON.parse(forReceiver(message, receiver).text);
  expect(narrowed.text).toBe(message.text);
  expect(narrowed.fileUrl).not.toBe(message.fileUrl);
});

it('does not narrow a URL twice', () => {
  const once = forReceiver({ fileUrl: url() }, receiver).text;
  expect(forReceiver(new Json(once), { ...receiver, actor: { ...owner, id: 8 } }).text).toBe(once);
});
