import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageContracts, type ChatFacts, type LogEntry } from '@switchboard/shared/contracts';
import { waitFor } from '@switchboard/infra/test';
import { aChat, admin, owner, stranger } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
beforeAll(async () => {
  service = await startMessageService();
});
afterAll(() => service.stop());

const { editMessage, deleteMessage, react, joinChat, listMessages, readLog, sendMessage } = messageContracts;

const addChat = (facts: Partial<ChatFacts> = {}) => service.database.addChat(aChat(facts));
const edit = (chatId: string, messageId: string, text: string, version = 1, actor = owner) =>
  service.gateway.request(editMessage, { chatId, messageId, text, version }, { actor });
const remove = (chatId: string, messageId: string, actor = owner) =>
  service.gateway.request(deleteMessage, { chatId, messageId }, { actor });
const put = (chatId: string, messageId: string, emoji: string, actor = owner, on = true) =>
  service.gateway.request(react, { chatId, messageId, emoji, on }, { actor });
const history = async (chatId: string) =>
  (await service.gateway.request(listMessages, { chatId }, { actor: owner })).messages;
const entriesOf = async (chatId: string, after = 0) =>
  (await service.gateway.request(readLog, { chatId, after, limit: 500 })).entries;

describe('a changed message', () => {
  it('is published once as it is then, and reads the same in history, log, join and catch-up', async () => {
    const chatId = await addChat();
    const first = await service.send(chatId, { text: 'first' });
    const sent = await service.send(chatId, { text: 'before', replyToId: first.id });
    const entries: LogEntry[] = [];
    await service.gateway
      .followRoom(chatId, (_owner, { meta, payload }) => {
        entries.push({ event: meta.event, rev: meta.rev ?? -1, payload: JSON.parse(payload) });
      })
      .untilSubscribed();

    const edited = await edit(chatId, sent.id, 'after');
    expect(edited).toEqual({ ...sent, text: 'after', version: 2, editedAt: expect.any(String) });
    expect(await edit(chatId, sent.id, 'after')).toEqual(edited);
    const reacted = await put(chatId, sent.id, '👍', admin);
    expect(reacted).toEqual({ ...edited, version: 3, reactions: [{ emoji: '👍', userIds: [admin.id] }] });

    await waitFor(() => entries.length >= 2, { what: 'the changes' });
    expect(entries).toEqual([
      { event: 'messageEdited', rev: 3, payload: edited },
      { event: 'messageReacted', rev: 4, payload: reacted },
    ]);
    expect((await history(chatId)).at(-1)).toEqual(reacted);
    expect((await entriesOf(chatId)).map(({ event, payload }) => [event, payload]).slice(1)).toEqual([
      ['newMessage', reacted],
      ['messageEdited', reacted],
      ['messageReacted', reacted],
    ]);
    const caughtUp = await service.gateway.request(joinChat, { chatId, after: sent.seq }, { actor: owner });
    expect(caughtUp).toMatchObject({ messages: [], changes: [reacted, reacted], recovered: true });
  });

  it('keeps its former text apart, and no text once it is deleted', async () => {
    const chatId = await addChat();
    const sent = await service.send(chatId, { text: 'a secret', clientMessageId: 'k' });
    const reply = await service.send(chatId, { text: 'why?', replyToId: sent.id }, admin);
    await edit(chatId, sent.id, 'a former secret');
    const tombstone = await remove(chatId, sent.id);
    expect(tombstone).toMatchObject({ version: 3, deletedBy: owner.id, deletedAt: expect.any(String) });
    expect(tombstone).not.toHaveProperty('text');
    expect(await remove(chatId, sent.id, admin)).toEqual(tombstone);
    expect((await history(chatId)).at(-1)).toMatchObject({ id: reply.id, replyTo: tombstone });

    const shown = JSON.stringify([
      await history(chatId),
      await entriesOf(chatId),
      await service.gateway.request(joinChat, { chatId, after: 0 }, { actor: owner }),
      // A retry of the send, hours later.
      await service.gateway.request(
        sendMessage,
        { chatId, message: { text: 'a secret', clientMessageId: 'k' } },
        { actor: owner },
      ),
    ]);
    expect(shown).not.toContain('secret');
    const { rows } = await service.database.query(
      'SELECT version, text FROM message.message_version WHERE chat_id = $1 ORDER BY version',
      [chatId],
    );
    expect(rows).toEqual([
      { version: 1, text: 'a secret' },
      { version: 2, text: 'a former secret' },
    ]);
    const stored = await service.database.query(
      `SELECT m::text || coalesce((SELECT string_agg(l::text, '') FROM message.chat_log l WHERE l.chat_id = m.chat_id), '') AS all
       FROM message.message m WHERE id = $1`,
      [sent.id],
    );
    expect(JSON.stringify(stored.rows)).not.toContain('secret');
  });

  it('is not changed by strangers, nor under an id that is not in the chat', async () => {
    const [chatId, elsewhere] = [await addChat(), await addChat({ clientId: stranger.id })];
    const { id } = await service.send(chatId, { text: 'mine' });
    for (const change of [
      (chat: string, message: string) => edit(chat, message, 'x', 1, stranger),
      (chat: string, message: string) => remove(chat, message, stranger),
      (chat: string, message: string) => put(chat, message, '👍', stranger),
    ]) {
      expect(await refusal(change(chatId, id))).toBe('CHAT_NOT_FOUND');
      expect(await refusal(change(elsewhere, id))).toBe('MESSAGE_NOT_FOUND');
    }
    expect(await refusal(remove(chatId, randomUUID()))).toBe('MESSAGE_NOT_FOUND');
    expect((await history(chatId)).map(({ version }) => version)).toEqual([1]);
    expect(await entriesOf(chatId)).toHaveLength(1);
  });

  it('has one version after the other when many change it at once', async () => {
    const chatId = await addChat();
    const { id } = await service.send(chatId, { text: 'busy' });
    const emojis = ['👍', '❤️', '😀', '🎉', '👀'];
    const changed = await Promise.all(emojis.map((emoji) => put(chatId, id, emoji)));
    expect(changed.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6]);
    expect((await history(chatId))[0]?.reactions?.map(({ emoji }) => emoji).toSorted()).toEqual(
      emojis.toSorted(),
    );
    expect((await entriesOf(chatId)).map(({ rev }) => rev)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
