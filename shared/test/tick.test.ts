import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { Tick } from '../src/bus/tick.ts';

it('deferred work runs in order at the end of the tick, including work from microtasks', async () => {
  const tick = new Tick();
  const done: string[] = [];
  tick.defer(() => done.push('a'));
  await Promise.resolve();
  tick.defer(() => done.push('b'));
  expect(done).toEqual([]);
  await nextTurn();
  expect(done).toEqual(['a', 'b']);
});

it('work deferred during a flush runs at the end of the next tick', async () => {
  const tick = new Tick();
  const done: string[] = [];
  tick.defer(() => {
    tick.defer(() => done.push('later'));
  });
  await nextTurn();
  expect(done).toEqual([]);
  await nextTurn();
  expect(done).toEqual(['later']);
});

it('flush runs deferred work at once, and nothing runs twice', async () => {
  const tick = new Tick();
  let times = 0;
  tick.defer(() => {
    times += 1;
  });
  tick.flush();
  expect(times).toBe(1);
  await nextTurn();
  expect(times).toBe(1);
});
