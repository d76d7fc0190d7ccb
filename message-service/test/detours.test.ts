import { expect, it } from '@jest/globals';
import { Detours } from '../src/send/detours.ts';

interface Item {
  readonly chatId: string;
  readonly n: number;
}

/** Detours whose batches run until the test finishes them. */
function someDetours(maxBatch = 2) {
  const finish = new Map<string, () => void>();
  const batches: string[] = [];
  const detours = new Detours<Item>(maxBatch, (batch) => {
    batches.push(batch.map(({ chatId, n }) => `${chatId}${n}`).join(' '));
    const { promise, resolve } = Promise.withResolvers<undefined>();
    finish.set(batch[0]!.chatId, () => {
      resolve(undefined);
    });
    return promise.then(() => undefined);
  });
  return { detours, batches, finish: (chatId: string) => finish.get(chatId)?.() };
}
const tick = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

it('accepts no item for a chat without a detour', () => {
  expect(someDetours().detours.join({ chatId: 'a', n: 1 })).toBe(false);
});

it("runs a chat's items in order, one batch at a time, and closes when none waits", async () => {
  const { detours, batches, finish } = someDetours();
  detours.open([1, 2, 3].map((n) => ({ chatId: 'a', n })));
  expect(batches).toEqual(['a1 a2']);
  expect(detours.join({ chatId: 'a', n: 4 })).toBe(true);
  finish('a');
  await tick();
  expect(batches).toEqual(['a1 a2', 'a3 a4']);
  finish('a');
  await tick();
  expect(detours.join({ chatId: 'a', n: 5 })).toBe(false);
});

it('runs four chats at once, and the next chat when one has finished', async () => {
  const { detours, batches, finish } = someDetours();
  detours.open(['a', 'b', 'c', 'd', 'e', 'f'].map((chatId) => ({ chatId, n: 1 })));
  expect(batches).toEqual(['a1', 'b1', 'c1', 'd1']);
  finish('b');
  await tick();
  expect(batches).toEqual(['a1', 'b1', 'c1', 'd1', 'e1']);
});
