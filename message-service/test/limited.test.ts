import { expect, it } from '@jest/globals';
import { RequestContext } from '@switchboard/shared/bus';
import { newTrace } from '@switchboard/shared/telemetry';
import type { messageContracts } from '@switchboard/shared/contracts';
import { rateOf, TokenBuckets, KeyedSemaphore } from '@switchboard/shared/limits';
import { limitedRead } from '../src/handlers/limited.ts';
import { admin, owner } from './given.ts';

it('limits the concurrent reads of one user, also after a failed read, and of no other user', async () => {
  const begun: PromiseWithResolvers<{ messages: [] }>[] = [];
  const list = limitedRead<typeof messageContracts.listMessages>(
    {
      users: new TokenBuckets(rateOf(0)),
      sockets: new TokenBuckets(rateOf(0)),
      reads: new KeyedSemaphore(2),
    },
    () => {
      const page = Promise.withResolvers<{ messages: [] }>();
      begun.push(page);
      return page.promise;
    },
  );
  const read = (actor = owner) =>
    list({ chatId: 'x' }, new RequestContext(newTrace(), 1_000, { actor })).then(
      () => 'read',
      (error: unknown) => String(error),
    );
  const tick = () =>
    new Promise((resolve) => {
      setImmediate(resolve);
    });
  const reads = [read(), read(), read(), read(admin)];
  await tick();
  expect(begun).toHaveLength(3);
  begun[0]?.reject(new Error('lost'));
  await tick();
  expect(begun).toHaveLength(4);
  for (const page of begun) page.resolve({ messages: [] });
  expect(await Promise.all(reads)).toEqual(['Error: lost', 'read', 'read', 'read']);
});
