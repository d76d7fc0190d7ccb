import { expect, it } from '@jest/globals';
import { BatchQueue } from '../src/send/batch-queue.ts';

interface Run<Item> {
  readonly batch: readonly Item[];
  readonly finish: () => void;
}

/** A queue whose batches run until the test finishes them. */
function aQueue(maxBatch = 3) {
  const runs: Run<number>[] = [];
  const queue = new BatchQueue<number>(maxBatch, (batch) => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    runs.push({
      batch,
      finish: () => {
        resolve(undefined);
      },
    });
    return promise.then(() => undefined);
  });
  return { queue, runs, batches: () => runs.map(({ batch }) => batch) };
}
const tick = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

it('runs an idle batch before the next tick, with all that arrived in this one', async () => {
  const { queue, batches } = aQueue();
  queue.push(1);
  queue.push(2);
  expect(batches()).toEqual([]);
  await Promise.resolve();
  expect(batches()).toEqual([[1, 2]]);
});

it('batches what arrives while a batch runs, up to the maximum, in order', async () => {
  const { queue, runs, batches } = aQueue();
  queue.push(1);
  await tick();
  for (const item of [2, 3, 4, 5]) queue.push(item);
  await tick();
  expect(batches()).toEqual([[1]]);
  runs[0]?.finish();
  await tick();
  expect(batches()).toEqual([[1], [2, 3, 4]]);
  runs[1]?.finish();
  await tick();
  expect(batches()).toEqual([[1], [2, 3, 4], [5]]);
});

it('is idle again once nothing waits', async () => {
  const { queue, runs, batches } = aQueue();
  queue.push(1);
  await tick();
  runs[0]?.finish();
  await tick();
  queue.push(2);
  await tick();
  expect(batches()).toEqual([[1], [2]]);
});

it('removes waiting items in their order and does not run them', async () => {
  const { queue, runs, batches } = aQueue();
  queue.push(1);
  await tick();
  for (const item of [2, 3, 4, 5]) queue.push(item);
  expect(queue.remove((item) => item % 2 === 0)).toEqual([2, 4]);
  expect(queue.remove((item) => item > 9)).toEqual([]);
  runs[0]?.finish();
  await tick();
  expect(batches()).toEqual([[1], [3, 5]]);
});
