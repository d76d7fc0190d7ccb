import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { Turn } from '../src/bus/turn.ts';

it('what is left for the end of a turn is done then, in order, with what microtasks left meanwhile', async () => {
  const turn = new Turn();
  const done: string[] = [];
  turn.leave(() => done.push('a'));
  await Promise.resolve();
  turn.leave(() => done.push('b'));
  expect(done).toEqual([]);
  await nextTurn();
  expect(done).toEqual(['a', 'b']);
});

it('what is left while a turn ends is done with the next', async () => {
  const turn = new Turn();
  const done: string[] = [];
  turn.leave(() => { turn.leave(() => done.push('later')); });
  await nextTurn();
  expect(done).toEqual([]);
  await nextTurn();
  expect(done).toEqual(['later']);
});

it('a turn can be ended at once, and then nothing is done twice', async () => {
  const turn = new Turn();
  let times = 0;
  turn.leave(() => { times += 1; });
  turn.end();
  expect(times).toBe(1);
  await nextTurn();
  expect(times).toBe(1);
});
