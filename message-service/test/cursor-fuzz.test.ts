import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { messageContracts } from '@switchboard/shared/contracts';
import { fuzzCursors, type CursorInputs } from '@switchboard/infra/test';
import { aChat, owner, upTo } from './given.ts';
import { startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
let chatId: string;
beforeAll(async () => {
  service = await startMessageService();
  chatId = await service.database.addChat(aChat());
  // More than a page of a catch-up.
  for (let sent = 0; sent < 550; sent += 50)
    await Promise.all(upTo(50).map((n) => service.send(chatId, { text: `m${n}` })));
  // Autovacuum does so within a minute. Before, Postgres reads the page of a long chat slowly.
  await service.database.query('ANALYZE message.message, message.chat_log');
});
afterAll(() => service.stop());

const { joinChat, listMessages, readTimeline } = messageContracts;
type Read = (cursor: string | undefined) => Promise<string | undefined>;
const inputs: Record<CursorInputs<typeof messageContracts>, Read> = {
  listMessages: async (cursor) =>
    (await service.gateway.request(listMessages, { chatId, limit: 2, cursor }, { actor: owner })).nextCursor,
  readTimeline: async (cursor) =>
    (await service.gateway.request(readTimeline, { chatId, limit: 2, cursor }, { actor: owner })).nextCursor,
  // An invalid cursor is no error there: the reply is a snapshot.
  joinChat: async (cursor) => {
    const from = cursor === undefined ? { after: 0 } : { cursor };
    return (await service.gateway.request(joinChat, { chatId, ...from }, { actor: owner })).cursor;
  },
};

it.each(Object.entries(inputs))(
  'answers any cursor of %s with a page or VALIDATION',
  async (_, read) => {
    const first = await read(undefined);
    expect(first).toMatch(/^\./);
    await fuzzCursors([first ?? ''], read);
  },
  60_000,
);
