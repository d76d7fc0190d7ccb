import { expect, it } from '@jest/globals';
import { newTrace, RequestContext } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import { rateOf, TokenBuckets, Turns } from '@switchboard/shared/limits';
import { limitedRead } from '../src/handlers/limited.ts';
import { admin, owner } from './given.ts';

it('a user reads so many pages at once, and the next when one of them is done, however it went; others do not wait for them', async () => {
  const begun: PromiseWithResolvers<{ messages: [] }>[] = [];
  const list = limitedRead<typeof messageContracts.listMessages>({ users: new TokenBuckets(rateOf(0)), sockets: new TokenBuckets(rateOf(0)), reads: new Turns(2, 1_000) }, () => {
    const read = Promise.withResolvers<{ messages: [] }>();
    begun.push(read);
    return read.promise;
  });
  const ask = (actor = owner) => list({ chatId: 'x' }, new RequestContext(newTrace(), 1_000, { actor })).then(() => 'read', (error: unknown) => String(error));
  const turn = () => new Promise((resolve) => { setImmediate(resolve); });
  const asked = [ask(), ask(), ask(), ask(admin)];
  await turn();
  expect(begun).toHaveLength(3);
  begun[0]?.reject(new Error('lost'));
  await turn();
  expect(begun).toHaveLength(4);
  for (const read of begun) read.resolve({ messages: [] });
  expect(await Promise.all(asked)).toEqual(['Error: lost', 'read', 'read', 'read']);
});
