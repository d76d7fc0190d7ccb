import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { webhookContracts } from '@switchboard/shared/contracts';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { createDatabase, fuzzCursors, type CursorInputs, type TestDatabase } from '@switchboard/infra/test';
import type { DataSource } from 'typeorm';
import { readEvent } from '../src/domain/event.ts';
import { Seal } from '../src/domain/seal.ts';
import type { WebhookStore } from '../src/domain/webhook-store.ts';
import { databaseOptions } from '../src/store/database.ts';
import { createDeliveryQueue } from '../src/store/delivery-queue.ts';
import { createWebhookStore } from '../src/store/webhook-store.ts';
import { anEvent } from './events.ts';

// On the store: the whole service needs a RabbitMQ.

let database: TestDatabase;
let source: DataSource;
let store: WebhookStore;
let webhookId: string;
beforeAll(async () => {
  database = await createDatabase();
  await migrate(createDataSource(databaseOptions(database.url('webhook_migrator'))), 'webhook');
  source = await createDataSource(databaseOptions(database.url('webhook_service'))).initialize();
  store = createWebhookStore(source, new Seal('k'.repeat(32)));
  const events = ['message.created'];
  ({ id: webhookId } = await store.register(
    { url: 'https://crm.example/hook', events, secret: 's'.repeat(32) },
    'crm',
  ));
  const chatId = randomUUID();
  const received = [1, 2, 3, 4, 5].flatMap(
    (rev) => readEvent('message.created', JSON.stringify(anEvent(chatId, rev))) ?? [],
  );
  await createDeliveryQueue(source).enqueue(received);
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

type Read = (cursor: string | undefined) => Promise<string | undefined>;
const inputs: Record<CursorInputs<typeof webhookContracts>, Read> = {
  listDeliveries: async (cursor) => (await store.listDeliveries({ webhookId, limit: 2, cursor })).nextCursor,
};

it.each(Object.entries(inputs))(
  'answers any cursor of %s with a page or VALIDATION',
  async (_, read) => {
    const first = await read(undefined);
    const second = await read(first);
    expect([first, second]).toEqual([expect.stringMatching(/^\./), expect.stringMatching(/^\./)]);
    await fuzzCursors([first ?? '', second ?? ''], read);
  },
  60_000,
);
