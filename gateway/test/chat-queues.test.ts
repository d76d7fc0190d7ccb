import { afterEach, expect, it } from '@jest/globals';
import { ChatQueues } from '../src/events/chat-queues.ts';
import { upTo } from './given.ts';

/** Tasks that the test ends. `started` lists them in the order of their start. */
class Work {
  readonly started: string[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<string>>();

  constructor() {
    works.push(this);
  }

  task = (name: string) => (): Promise<string> => {
    const end = Promise.withResolvers<string>();
    this.started.push(name);
    this.#ends.set(name, end);
    return end.promise;
  };

  async end(...names: string[]): Promise<void> {
    for (const name of names) this.#ends.get(name)?.resolve(name);
    await tick();
  }

  /** Ends all tasks, also those that start meanwhile. */
  async endAll(): Promise<void> {
    for (let before = -1; before < this.started.length;) {
      before = this.started.length;
      await this.end(...this.started);
    }
  }

  async fail(name: string): Promise<void> {
    this.#ends.get(name)?.reject(new Error(name));
    await tick();
  }
}

const works: Work[] = [];
afterEach(async () => {
  await Promise.all(works.splice(0).map((work) => work.endAll()));
});

const tick = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

it('runs the tasks of one queue in order, one after the other', async () => {
  const [queues, work] = [new ChatQueues(60_000, 8), new Work()];
  const results = ['a', 'b', 'c'].map((name) => queues.run('chat', name, false, work.task(name)));
  expect(work.started).toEqual(['a']);
  await work.end('a');
  expect(work.started).toEqual(['a', 'b']);
  await work.end('b');
  await work.end('c');
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
});

it('runs queues in parallel', () => {
  const [queues, work] = [new ChatQueues(60_000, 8), new Work()];
  void queues.run('chat 1', 'send', false, work.task('a'));
  void queues.run('chat 2', 'send', false, work.task('b'));
  expect(work.started).toEqual(['a', 'b']);
});

it('starts waiting pipelined tasks of one kind together and in order', async () => {
  const [queues, work] = [new ChatQueues(60_000, 8), new Work()];
  void queues.run('chat', 'join', false, work.task('join'));
  for (const name of ['s1', 's2', 's3']) void queues.run('chat', 'send', true, work.task(name));
  void queues.run('chat', 'read', false, work.task('read'));
  void queues.run('chat', 'send', true, work.task('s4'));
  await work.end('join');
  expect(work.started).toEqual(['join', 's1', 's2', 's3']);
  await work.end('s2', 's3');
  expect(work.started).toHaveLength(4);
  await work.end('s1');
  expect(work.started.slice(4)).toEqual(['read']);
  await work.end('read');
  expect(work.started.slice(5)).toEqual(['s4']);
});

it('starts at most as many pipelined tasks together as may run', async () => {
  const [queues, work] = [new ChatQueues(60_000, 8), new Work()];
  const names = upTo(40).map((n) => `s${n}`);
  for (const name of names) void queues.run('chat', 'send', true, work.task(name));
  expect(work.started).toEqual(['s1']);
  await work.end('s1');
  expect(work.started).toEqual(names.slice(0, 9));
  await work.end(...names.slice(1, 9));
  expect(work.started).toEqual(names.slice(0, 17));
});

it('rejects with BUSY while a hundred tasks wait, and accepts tasks again afterwards', async () => {
  const [queues, work] = [new ChatQueues(60_000, 8), new Work()];
  const accepted = upTo(101).map((n) => queues.run('chat', `${n}`, false, work.task(`${n}`)));
  await expect(queues.run('chat', 'one more', false, work.task('one more'))).rejects.toMatchObject({
    code: 'BUSY',
    retryable: true,
  });
  expect(work.started).toEqual(['1']);
  await work.end('1');
  const late = queues.run('chat', 'late', false, work.task('late'));
  for (const n of upTo(101)) await work.end(`${n}`);
  await work.end('late');
  expect(await Promise.all([...accepted, late])).toHaveLength(102);
});

it('runs eight tasks over all queues, then starts the queue that has waited longest', async () => {
  const [queues, work] = [new ChatQueues(60_000, 8), new Work()];
  for (const n of upTo(10)) void queues.run(`chat ${n}`, 'join', false, work.task(`${n}`));
  expect(work.started).toEqual(upTo(8).map(String));
  await work.end('3');
  expect(work.started).toEqual([...upTo(8).map(String), '9']);
  await work.end('1', '2');
  expect(work.started).toEqual(upTo(10).map(String));
});

it('starts a waiting queue before the next task of the queue that just ran', async () => {
  const [queues, work] = [new ChatQueues(60_000, 1), new Work()];
  for (const name of ['a1', 'b1', 'a2']) void queues.run(name.slice(0, 1), 'x', false, work.task(name));
  await work.end('a1');
  expect(work.started).toEqual(['a1', 'b1']);
  await work.end('b1');
  expect(work.started).toEqual(['a1', 'b1', 'a2']);
});

it('rejects the failed task only and runs the next one', async () => {
  const [queues, work] = [new ChatQueues(60_000, 8), new Work()];
  const bad = expect(queues.run('chat', 'a', false, work.task('a'))).rejects.toThrow('a');
  const good = queues.run('chat', 'b', false, work.task('b'));
  await work.fail('a');
  await bad;
  await work.end('b');
  expect(await good).toBe('b');
});

it('waits for all tasks that started together, also after a failure', async () => {
  const [queues, work] = [new ChatQueues(60_000, 8), new Work()];
  void queues.run('chat', 'join', false, work.task('join'));
  const bad = expect(queues.run('chat', 'send', true, work.task('s1'))).rejects.toThrow('s1');
  void queues.run('chat', 'send', true, work.task('s2'));
  void queues.run('chat', 'leave', false, work.task('leave'));
  await work.end('join');
  await work.fail('s1');
  await bad;
  expect(work.started).toEqual(['join', 's1', 's2']);
  await work.end('s2');
  expect(work.started).toEqual(['join', 's1', 's2', 'leave']);
});

it('rejects a task with BUSY after the maximum wait and never starts it', async () => {
  const [queues, work] = [new ChatQueues(50, 8), new Work()];
  const first = queues.run('chat', 'a', false, work.task('a'));
  await expect(queues.run('chat', 'b', false, work.task('b'))).rejects.toMatchObject({
    code: 'BUSY',
    retryable: true,
  });
  await work.end('a');
  expect(await first).toBe('a');
  const third = queues.run('chat', 'c', false, work.task('c'));
  await work.end('c');
  expect([await third, work.started]).toEqual(['c', ['a', 'c']]);
});

it('runs parts of a batch in at most half of the places, and other tasks in the others', async () => {
  const [queues, work] = [new ChatQueues(60_000, 4), new Work()];
  const parts = ['a', 'b', 'c', 'd'].map((name) => queues.runPart(name, 'join', work.task(name)));
  expect(work.started).toEqual(['a', 'b']);
  expect(queues.isCrowded).toBe(false);
  void queues.run('x', 'send', false, work.task('x'));
  void queues.run('c', 'send', false, work.task('after c'));
  expect(work.started).toEqual(['a', 'b', 'x']);
  await work.end('a');
  expect(work.started).toEqual(['a', 'b', 'x', 'c']);
  await work.end('c');
  expect(work.started).toEqual(['a', 'b', 'x', 'c', 'after c', 'd']);
  await work.end('b', 'd');
  expect(await Promise.all(parts)).toEqual(['a', 'b', 'c', 'd']);
});

it('runs the parts of a batch one after the other where there is one place', async () => {
  const [queues, work] = [new ChatQueues(60_000, 1), new Work()];
  const parts = ['a', 'b'].map((name) => queues.runPart(name, 'join', work.task(name)));
  expect(work.started).toEqual(['a']);
  await work.end('a');
  expect(work.started).toEqual(['a', 'b']);
  await work.end('b');
  expect(await Promise.all(parts)).toEqual(['a', 'b']);
});

it('keeps the place of a part among the tasks of its chat', async () => {
  const [queues, work] = [new ChatQueues(60_000, 8), new Work()];
  void queues.run('chat', 'send', true, work.task('before'));
  void queues.runPart('chat', 'join', work.task('part'));
  void queues.run('chat', 'leave', false, work.task('behind'));
  await work.end('before');
  expect(work.started).toEqual(['before', 'part']);
  await work.end('part');
  expect(work.started).toEqual(['before', 'part', 'behind']);
});

it('lets a thousand parts wait beside the other tasks, and refuses more', async () => {
  const [queues, work] = [new ChatQueues(60_000, 2), new Work()];
  const part = (n: number) => queues.runPart(`chat ${n}`, 'join', work.task(`part ${n}`));
  const parts = Promise.allSettled(upTo(1_001).map(part));
  await expect(part(1_002)).rejects.toMatchObject({ code: 'BUSY' });
  const send = queues.run('other', 'send', false, work.task('send'));
  await work.endAll();
  expect(await send).toBe('send');
  expect((await parts).every(({ status }) => status === 'fulfilled')).toBe(true);
});

it('refuses a part that waited too long, and never starts it', async () => {
  const [queues, work] = [new ChatQueues(20, 2), new Work()];
  void queues.runPart('a', 'join', work.task('a'));
  await expect(queues.runPart('b', 'join', work.task('b'))).rejects.toMatchObject({ code: 'BUSY' });
  await work.end('a');
  expect(work.started).toEqual(['a']);
});
