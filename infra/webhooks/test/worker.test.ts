import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, expect, it } from '@jest/globals';
import { silent, waitFor } from '@switchboard/infra/testing';
import { Seal } from '../src/domain/seal.ts';
import type { DeliveryQueue, DueDelivery } from '../src/domain/webhook-store.ts';
import { createUrlRules } from '../src/url-rules.ts';
import { PACE, Worker } from '../src/worker.ts';

const seal = new Seal('k'.repeat(32));
const leadership = { isHeld: true, untilHeld: () => Promise.resolve() };

async function listen(answer: () => Promise<void>): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    void answer().then(() => { response.writeHead(204).end(); });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.add(() => server.close());
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port ?? 0 : 0}/`, asked: () => asked };
}

const open = new Set<() => unknown>();
afterEach(async () => {
  await Promise.all([...open].map((close) => close()));
  open.clear();
});

function start(queue: DeliveryQueue): void {
  const worker = new Worker({ queue, seal, rules: createUrlRules(true), leadership, pace: { ...PACE, pollMs: 5 }, logger: silent });
  open.add(() => worker.stop());
}

const aDelivery = (url: string, secret: Buffer): DueDelivery =>
  ({ id: 'd', webhookId: 'w', url, secret, eventId: 'message/c/1', chatId: 'c', body: '{}', traceparent: undefined, attempts: 0, ageMs: 0 });

const queueOf = (parts: Partial<DeliveryQueue>): DeliveryQueue => ({
  take: () => Promise.resolve(), due: () => Promise.resolve([]), settle: () => Promise.resolve(), oldestWaiting: () => Promise.resolve(0), forget: () => Promise.resolve(), ...parts,
});

it('what a look found that began before an attempt ended is of before: it is not tried again', async () => {
  const looking = Promise.withResolvers<undefined>();
  const settled = Promise.withResolvers<undefined>();
  const receiver = await listen(() => looking.promise);
  const delivery = aDelivery(receiver.url, seal.close('s'.repeat(32), 'w'));
  let looks = 0;
  const queue = queueOf({
    due: async () => {
      looks += 1;
      if (looks === 2) {
        looking.resolve(undefined);
        await settled.promise;
        // Whatever follows the outcome has happened by then.
        await new Promise(setImmediate);
      }
      return looks > 2 ? [] : [delivery];
    },
    settle: () => {
      settled.resolve(undefined);
      return Promise.resolve();
    },
  });
  start(queue);
  await waitFor(() => looks > 4, { what: 'some looks more' });
  expect(receiver.asked()).toBe(1);
});

it('an outcome that cannot be stored at first is not asked for again', async () => {
  const receiver = await listen(() => Promise.resolve());
  const delivery = aDelivery(receiver.url, seal.close('s'.repeat(32), 'w'));
  let stored = 0;
  const queue = queueOf({
    due: () => Promise.resolve(stored < 3 ? [delivery] : []),
    settle: () => (++stored < 3 ? Promise.reject(new Error('the database is away')) : Promise.resolve()),
  });
  start(queue);
  await waitFor(() => stored === 3, { what: 'the outcome to be stored' });
  expect(receiver.asked()).toBe(1);
});

it('a secret that cannot be read is a failure that is put off, and nothing is posted', async () => {
  const receiver = await listen(() => Promise.resolve());
  const verdicts: unknown[] = [];
  const queue = queueOf({
    due: () => Promise.resolve(verdicts.length === 0 ? [aDelivery(receiver.url, new Seal('x'.repeat(32)).close('s'.repeat(32), 'w'))] : []),
    settle: (_, __, verdict) => {
      verdicts.push(verdict);
      return Promise.resolve();
    },
  });
  start(queue);
  await waitFor(() => verdicts.length > 0, { what: 'the outcome' });
  expect(verdicts).toEqual([{ state: 'waiting', error: 'the secret of the webhook cannot be read', delayMs: expect.any(Number) }]);
  expect(receiver.asked()).toBe(0);
});
