import { expect, it } from '@jest/globals';
import { newTrace, RequestContext } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import { rateOf, Tally, TokenBuckets } from '@switchboard/shared/limits';
import { limitedRead } from '../src/handlers/limited.ts';
import { admin, owner } from './given.ts';

it('a user reads so many pages at once, fails of which count no longer, and others are not counted', async () => {
  const waiting: PromiseWithResolvers<{ messages: [] }>[] = [];
  const list = limitedRead<typeof messageContracts.listMessages>({ rate: new TokenBuckets(rateOf(0)), reads: new Tally(2) }, () => {
    const read = Promise.withResolvers<{ messages: [] }>();
    waiting.push(read);
    return read.promise;
  });
  const ask = (actor = owner) => list({ chatId: 'x' }, new RequestContext(newTrace(), 1_000, { actor })).then(() => 'read', (error: unknown) => String(error));
  const [first, second, third, other] = [ask(), ask(), ask(), ask(admin)];
  expect(await third).toContain('Busy');
  waiting[0]?.reject(new Error('lost'));
  expect(await first).toContain('lost');
  const fourth = ask();
  for (const read of waiting) read.resolve({ messages: [] });
  await Promise.resolve();
  for (const read of waiting) read.resolve({ messages: [] });
  expect(await Promise.all([second, other, fourth])).toEqual(['read', 'read', 'read']);
});
