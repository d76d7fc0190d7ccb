import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, expect, it } from '@jest/globals';
import { silent, waitFor } from '@switchboard/infra/test';
import { Seal } from '../src/domain/seal.ts';
import type { DeliveryQueue, DueDelivery } from '../src/domain/webhook-store.ts';
import { createUrlRules } from '../src/url-rules.ts';
import { PACE, Worker } from '../src/worker.ts';

const seal = new Seal('k'.repeat(32));
const leadership = { isHeld: true, untilHeld: () => Promise.resolve() };

async function listen(respond: () => Promise<void>): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    void respond().then(() => {
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.add(() => server.close());
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/`,
    requests: () => requests,
  };
}

const open = new Set<() => unknown>();
afterEach(async () => {
  await Promise.all([...open].map((close) => close()));
  open.clear();
});

function start(queue: DeliveryQueue): void {
  const worker = new Worker({
    queue,
    seal,
    rules: createUrlRules(true),
    leadership,
    pace: { ...PACE, pollMs: 5 },
    logger: silent,
  });
  open.add(() => worker.stop());
}

const aDelivery = (url: string, secret: Buffer): DueDelivery => ({
  id: 'd',
  webhookId: 'w',
  url,
  secret,
  eventId: 'message/c/1',
  chatId: 'c',
  body: '{}',
  traceparent: undefined,
  attempts: 0,
  ageMs: 0,
});

const queueOf = (parts: Partial<DeliveryQueue>): DeliveryQueue => ({
  enqueue: () => Promise.resolve(),
  due: () => Promise.resolve([]),
  settle: () => Promise.resolve(),
  oldestWaiting: () => Promise.resolve(0),
  prune: () => Promise.resolve(),
  ...parts,
});

it('ignores a read that began before the attempt ended: the delivery is posted once', async () => {
  const reading = Promise.withResolvers<undefined>();
  const settled = Promise.withResolvers<undefined>();
  const receiver = await listen(() => reading.promise);
  const delivery = aDelivery(receiver.url, seal.encrypt('s'.repeat(32), 'w'));
  let reads = 0;
  const queue = queueOf({
    due: async () => {
      reads += 1;
      if (reads === 2) {
        reading.resolve(undefined);
        await settled.promise;
        // By then the worker has processed the result.
        await new Promise(setImmediate);
      }
      return reads > 2 ? [] : [delivery];
    },
    settle: () => {
      settled.resolve(undefined);
      return Promise.resolve();
    },
  });
  start(queue);
  await waitFor(() => reads > 4, { what: 'some more reads' });
  expect(receiver.requests()).toBe(1);
});

it('posts once when storing the result fails at first', async () => {
  const receiver = await listen(() => Promise.resolve());
  const delivery = aDelivery(receiver.url, seal.encrypt('s'.repeat(32), 'w'));
  let stored = 0;
  const queue = queueOf({
    due: () => Promise.resolve(stored < 3 ? [delivery] : []),
    settle: () => (++stored < 3 ? Promise.reject(new Error('the database is away')) : Promise.resolve()),
  });
  start(queue);
  await waitFor(() => stored === 3, { what: 'the result to be stored' });
  expect(receiver.requests()).toBe(1);
});

it('posts nothing and retries later when the secret does not decrypt', async () => {
  const receiver = await listen(() => Promise.resolve());
  const verdicts: unknown[] = [];
  const queue = queueOf({
    due: () =>
      Promise.resolve(
        verdicts.length === 0
          ? [aDelivery(receiver.url, new Seal('x'.repeat(32)).encrypt('s'.repeat(32), 'w'))]
          : [],
      ),
    settle: (_, __, verdict) => {
      verdicts.push(verdict);
      return Promise.resolve();
    },
  });
  start(queue);
  await waitFor(() => verdicts.length > 0, { what: 'the result' });
  expect(verdicts).toEqual([
    { state: 'waiting', error: 'the secret of the webhook cannot be read', delayMs: expect.any(Number) },
  ]);
  expect(receiver.requests()).toBe(0);
});
