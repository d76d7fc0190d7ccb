import { afterEach, expect, it } from '@jest/globals';
import { Lanes } from '../src/limits/lanes.ts';
import { upTo } from './given.ts';

/** Tasks that end when told to, in the order in which they were started. */
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
    await turn();
  }

  /** Until nothing is left that could begin. */
  async endAll(): Promise<void> {
    for (let before = -1; before < this.started.length; ) {
      before = this.started.length;
      await this.end(...this.started);
    }
  }

  async fail(name: string): Promise<void> {
    this.#ends.get(name)?.reject(new Error(name));
    await turn();
  }
}

const works: Work[] = [];
afterEach(async () => { await Promise.all(works.splice(0).map((work) => work.endAll())); });

const turn = () => new Promise((resolve) => { setImmediate(resolve); });

it('does what one lane asks in order, one after the other', async () => {
  const [lanes, work] = [new Lanes(60_000, 8), new Work()];
  const results = ['a', 'b', 'c'].map((name) => lanes.run('chat', name, false, work.task(name)));
  expect(work.started).toEqual(['a']);
  await work.end('a');
  expect(work.started).toEqual(['a', 'b']);
  await work.end('b');
  await work.end('c');
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
});

it('lets lanes run beside each other', () => {
  const [lanes, work] = [new Lanes(60_000, 8), new Work()];
  void lanes.run('chat 1', 'send', false, work.task('a'));
  void lanes.run('chat 2', 'send', false, work.task('b'));
  expect(work.started).toEqual(['a', 'b']);
});

it('starts pipelined tasks of one kind that wait together, together and in order', async () => {
  const [lanes, work] = [new Lanes(60_000, 8), new Work()];
  void lanes.run('chat', 'join', false, work.task('join'));
  for (const name of ['s1', 's2', 's3']) void lanes.run('chat', 'send', true, work.task(name));
  void lanes.run('chat', 'read', false, work.task('read'));
  void lanes.run('chat', 'send', true, work.task('s4'));
  await work.end('join');
  expect(work.started).toEqual(['join', 's1', 's2', 's3']);
  await work.end('s2', 's3');
  expect(work.started).toHaveLength(4);
  await work.end('s1');
  expect(work.started.slice(4)).toEqual(['read']);
  await work.end('read');
  expect(work.started.slice(5)).toEqual(['s4']);
});

it('starts as many together as fit one message, the rest after them', async () => {
  const [lanes, work] = [new Lanes(60_000, 8), new Work()];
  const names = upTo(40).map((n) => `s${n}`);
  for (const name of names) void lanes.run('chat', 'send', true, work.task(name));
  expect(work.started).toEqual(['s1']);
  await work.end('s1');
  expect(work.started).toEqual(names.slice(0, 9));
  await work.end(...names.slice(1, 9));
  expect(work.started).toEqual(names.slice(0, 17));
});

it('says BUSY when a hundred wait, and takes more once they do not', async () => {
  const [lanes, work] = [new Lanes(60_000, 8), new Work()];
  const taken = upTo(101).map((n) => lanes.run('chat', `${n}`, false, work.task(`${n}`)));
  await expect(lanes.run('chat', 'one more', false, work.task('one more'))).rejects.toMatchObject({ code: 'BUSY', retryable: true });
  expect(work.started).toEqual(['1']);
  await work.end('1');
  const late = lanes.run('chat', 'late', false, work.task('late'));
  for (const n of upTo(101)) await work.end(`${n}`);
  await work.end('late');
  expect(await Promise.all([...taken, late])).toHaveLength(102);
});

it('has eight at work at once, whichever chats they are for, and goes on with the one that waited longest', async () => {
  const [lanes, work] = [new Lanes(60_000, 8), new Work()];
  for (const n of upTo(10)) void lanes.run(`chat ${n}`, 'join', false, work.task(`${n}`));
  expect(work.started).toEqual(upTo(8).map(String));
  await work.end('3');
  expect(work.started).toEqual([...upTo(8).map(String), '9']);
  await work.end('1', '2');
  expect(work.started).toEqual(upTo(10).map(String));
});

it('goes on with a chat that has waited, not with more of one that is at work', async () => {
  const [lanes, work] = [new Lanes(60_000, 1), new Work()];
  for (const name of ['a1', 'b1', 'a2']) void lanes.run(name.slice(0, 1), 'x', false, work.task(name));
  await work.end('a1');
  expect(work.started).toEqual(['a1', 'b1']);
  await work.end('b1');
  expect(work.started).toEqual(['a1', 'b1', 'a2']);
});

it('goes on after a failure, which is told to whoever asked', async () => {
  const [lanes, work] = [new Lanes(60_000, 8), new Work()];
  const bad = expect(lanes.run('chat', 'a', false, work.task('a'))).rejects.toThrow('a');
  const good = lanes.run('chat', 'b', false, work.task('b'));
  await work.fail('a');
  await bad;
  await work.end('b');
  expect(await good).toBe('b');
});

it('waits for all that go together, those that fail too', async () => {
  const [lanes, work] = [new Lanes(60_000, 8), new Work()];
  void lanes.run('chat', 'join', false, work.task('join'));
  const bad = expect(lanes.run('chat', 'send', true, work.task('s1'))).rejects.toThrow('s1');
  void lanes.run('chat', 'send', true, work.task('s2'));
  void lanes.run('chat', 'leave', false, work.task('leave'));
  await work.end('join');
  await work.fail('s1');
  await bad;
  expect(work.started).toEqual(['join', 's1', 's2']);
  await work.end('s2');
  expect(work.started).toEqual(['join', 's1', 's2', 'leave']);
});

it('gives up, as BUSY, what waits too long, and never begins it', async () => {
  const [lanes, work] = [new Lanes(50, 8), new Work()];
  const first = lanes.run('chat', 'a', false, work.task('a'));
  await expect(lanes.run('chat', 'b', false, work.task('b'))).rejects.toMatchObject({ code: 'BUSY', retryable: true });
  await work.end('a');
  expect(await first).toBe('a');
  const third = lanes.run('chat', 'c', false, work.task('c'));
  await work.end('c');
  expect([await third, work.started]).toEqual(['c', ['a', 'c']]);
});
