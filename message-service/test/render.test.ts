import { expect, it } from '@jest/globals';
import { Message } from '@switchboard/shared/contracts';
import { render, renderCreated } from '../src/domain/message.ts';
import { aStoredMessage, owner } from './given.ts';

const urlOf = (fileId: string) => `https://chat.example/files/${fileId}`;

it('renders a message by its contract', () => {
  const message = aStoredMessage({ seq: 3 });
  const rendered = render({ message, replyTo: undefined }, urlOf);
  expect(Message.parse(rendered)).toEqual({
    id: message.id,
    chatId: message.chatId,
    seq: 3,
    senderId: owner.id,
    text: 'hello',
    createdAt: '2026-01-02T03:04:05.678Z',
    sender: { id: owner.id, email: owner.email, role: 'client' },
    version: 1,
  });
});

it('carries the clientMessageId, by which its sender matches a pending message', () => {
  const message = aStoredMessage({ clientMessageId: 'k1' });
  expect(render({ message, replyTo: undefined }, urlOf)).toMatchObject({ clientMessageId: 'k1' });
  expect(renderCreated(message)).toMatchObject({ clientMessageId: 'k1' });
});

it('omits absent fields from the JSON', () => {
  const message = aStoredMessage({ clientMessageId: null });
  const json: object = JSON.parse(JSON.stringify(render({ message, replyTo: undefined }, urlOf)));
  expect(Object.keys(json).sort()).toEqual([
    'chatId',
    'createdAt',
    'id',
    'sender',
    'senderId',
    'seq',
    'text',
    'version',
  ]);
});

it('renders a file as its URL', () => {
  const message = aStoredMessage({ text: null, fileId: 'f1' });
  expect(render({ message, replyTo: undefined }, urlOf)).toMatchObject({
    text: undefined,
    fileUrl: 'https://chat.example/files/f1',
  });
});

it('contains the message it replies to, one level deep', () => {
  const replyTo = aStoredMessage({ fileId: 'f1', replyToId: 'an-older-one' });
  const message = aStoredMessage({ replyToId: replyTo.id });
  const rendered = render({ message, replyTo }, urlOf);
  expect(rendered.replyToId).toBe(replyTo.id);
  expect(rendered.replyTo).toEqual({
    ...render({ message: replyTo, replyTo: undefined }, urlOf),
    replyTo: undefined,
  });
  expect(rendered.replyTo).toMatchObject({
    replyToId: 'an-older-one',
    fileUrl: 'https://chat.example/files/f1',
  });
  expect(rendered.replyTo).not.toHaveProperty('replyTo');
});
