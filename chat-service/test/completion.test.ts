import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chatContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { silent, waitFor } from '@switchboard/infra/test';
import { Completion } from '../src/completion.ts';
import type { Unconfirmed, UnconfirmedKey } from '../src/domain/chat-store.ts';
import {
  admin,
  AFTER,
  aClient,
  failureOf,
  Harness,
  startMessageService,
  type MessageService,
} from './harness.ts';

interface Received {
  event: string;
  rev: number | undefined;
  payload: unknown;
}

describe('a change whose request to message-service failed', () => {
  let chats: Harness;
  let messageService: MessageService | undefined;
  beforeAll(async () => {
    chats = await Harness.start();
  });
  afterEach(async () => {
    await messageService?.stop();
    messageService = undefined;
  });
  afterAll(() => chats.stop());

  /** Closes a chat while message-service is away. */
  async function closeAlone(): Promise<{ chatId: string; received: Received[] }> {
    const { id: chatId } = await chats.open(aClient());
    const received: Received[] = [];
    await chats.gateway
      .followRoom(chatId, (_, { meta: { event, rev }, payload }) =>
        received.push({ event, rev, payload: JSON.parse(payload) }),
      )
      .untilSubscribed();
    await failureOf(chats.update(admin, chatId, { status: 'CLOSED' }));
    return { chatId, received };
  }

  it('is published at once without a place, and again with it when the sweep has completed it', async () => {
    const { chatId, received } = await closeAlone();
    await waitFor(() => received.length > 0, { what: 'the change' });
    const change = { event: 'chatStatusChanged', rev: 2 };
    const payload = { chatId, status: 'CLOSED', at: expect.any(String), by: admin.id };
    expect(received).toEqual([{ ...change, payload }]);
    expect((await chats.log(chatId, 1)).entries).toEqual([{ ...change, payload }]);

    messageService = await startMessageService(chats.nats);
    await waitFor(() => received.some((one) => JSON.stringify(one).includes('afterSeq')), {
      what: 'the sweep',
    });
    const placed = { ...payload, afterSeq: AFTER.afterSeq };
    expect(received.at(-1)).toEqual({ ...change, payload: placed });
    expect((await chats.log(chatId, 1)).entries).toEqual([
      { ...change, afterRev: AFTER.afterRev, payload: placed },
    ]);
    const { rows } = await chats.database.query(
      'SELECT FROM chat.chat WHERE id = $1 AND version = confirmed_version',
      [chatId],
    );
    expect(rows).toHaveLength(1);
  });

  it('keeps the first place that message-service named', async () => {
    const { id: chatId } = await chats.open(aClient());
    messageService = await startMessageService(chats.nats);
    await chats.update(admin, chatId, { status: 'CLOSED' });
    await chats.database.query('UPDATE chat.chat SET confirmed_version = 1 WHERE id = $1', [chatId]);
    messageService.after = { afterSeq: 1, afterRev: 1 };
    await chats.update(admin, chatId, { status: 'CLOSED' });
    expect((await chats.log(chatId, 1)).entries).toMatchObject([{ payload: { afterSeq: AFTER.afterSeq } }]);
  });

  it('is complete without a place after a reply of an earlier version of message-service', async () => {
    const { id: chatId } = await chats.open(aClient());
    messageService = await startMessageService(chats.nats);
    messageService.after = undefined;
    expect(await chats.update(admin, chatId, { status: 'CLOSED' })).toMatchObject({ status: 'CLOSED' });
    const [entry] = (await chats.log(chatId, 1)).entries;
    expect(entry?.payload).toEqual({ chatId, status: 'CLOSED', at: expect.any(String), by: admin.id });
  });
});

describe('the log, read while message-service applies a change', () => {
  it('is returned with the place, at the latest after a second without it', async () => {
    const chats = await Harness.start();
    const messageService = await startMessageService(chats.nats);
    try {
      const { id: chatId } = await chats.open(aClient());
      const gate = Promise.withResolvers<undefined>();
      const isRequested = Promise.withResolvers<undefined>();
      messageService.gate = () => {
        isRequested.resolve(undefined);
        return gate.promise;
      };
      const reply = chats.update(admin, chatId, { status: 'CLOSED' });
      await isRequested.promise;
      expect(
        (await messageService.bus.request(chatContracts.readLogNow, { chatId, after: 1, limit: 9 })).entries,
      ).toMatchObject([{ rev: 2 }]);
      const read = chats.log(chatId, 1);
      gate.resolve(undefined);
      await reply;
      expect((await read).entries).toMatchObject([{ rev: 2, payload: { afterSeq: AFTER.afterSeq } }]);

      await messageService.stop();
      await failureOf(chats.update(admin, chatId, { status: 'PENDING' }));
      const began = performance.now();
      expect((await chats.log(chatId, 2)).entries).toMatchObject([{ rev: 3 }]);
      expect(performance.now() - began).toBeLessThan(1_500);
    } finally {
      await messageService.stop();
      await chats.stop();
    }
  });
});

describe('an entry of an earlier version', () => {
  it('is read with the time of its row', async () => {
    const chats = await Harness.start();
    try {
      const { id: chatId } = await chats.open(aClient());
      await chats.database.query(
        `INSERT INTO chat.chat_log (chat_id, rev, event, payload, at) VALUES ($1, 2, 'chatStatusChanged', $2, '2026-01-02T03:04:05.678Z')`,
        [chatId, { chatId, status: 'CLOSED' }],
      );
      expect((await chats.log(chatId, 1)).entries).toEqual([
        {
          event: 'chatStatusChanged',
          rev: 2,
          payload: { chatId, status: 'CLOSED', at: '2026-01-02T03:04:05.678Z' },
        },
      ]);
    } finally {
      await chats.stop();
    }
  });
});

describe('the rounds', () => {
  const changeOf = (chatId: string, ageMs: number): Unconfirmed & { key: UnconfirmedKey } => ({
    key: { chatId, changedAt: new Date(Date.now() - ageMs) },
    facts: { id: chatId, clientId: 1, status: 'CLOSED', version: 2 },
    since: 1,
    entries: [],
  });

  /** Rounds over these changes; message-service refuses the chats in `broken`. */
  function roundsOver(changes: readonly (Unconfirmed & { key: UnconfirmedKey })[], broken: Set<string>) {
    const tried: string[] = [];
    const confirmed: string[] = [];
    const warn = jest.fn();
    const completion = new Completion(
      {
        listUnconfirmed: (_, after) =>
          Promise.resolve(
            changes
              .slice(after === undefined ? 0 : changes.findIndex(({ key }) => key === after) + 1)
              .filter(({ key }) => !confirmed.includes(key.chatId)),
          ),
        confirm: (chatId) => Promise.resolve(void confirmed.push(chatId)),
      },
      {
        isConnected: true,
        publishEntry: () => undefined,
        request: (_, payload) => {
          const { chat } = payload as { chat: { id: string } };
          tried.push(chat.id);
          return broken.has(chat.id)
            ? Promise.reject(new Failure('UNAVAILABLE'))
            : (Promise.resolve({ version: 2 }) as never);
        },
      },
      Object.assign(Object.create(silent) as typeof silent, { warn }),
    );
    return { completion, tried, confirmed, warn };
  }

  it('end at the first failure, and the next one begins behind it', async () => {
    const changes = ['a', 'b', 'c'].map((id) => changeOf(id, 3_000));
    const { completion, tried, confirmed, warn } = roundsOver(changes, new Set(['a']));
    await completion.runOnce();
    expect(tried).toEqual(['a']);
    await completion.runOnce();
    expect(confirmed).toEqual(['b', 'c']);
    await completion.runOnce();
    expect(tried).toEqual(['a', 'b', 'c', 'a']);
    expect(warn).not.toHaveBeenCalled();
  });

  it('warn of a change that has failed for long, and not in each round', async () => {
    const { completion, tried, warn } = roundsOver([changeOf('a', 40_000)], new Set(['a']));
    for (let round = 0; round < 3; round++) await completion.runOnce();
    expect(tried).toEqual(['a', 'a', 'a']);
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
