import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { Throttle } from '../src/limits/throttle.ts';

const rule = { everyMs: 2_000, endedBy: ['sendMessage'], answer: (payload: { on: boolean }) => payload };

let throttle: Throttle;
let told: string[];
beforeEach(() => {
  jest.useFakeTimers();
  throttle = new Throttle();
  told = [];
});
afterEach(() => {
  throttle.clear();
  jest.useRealTimers();
});

const say = (on: boolean, chatId = 'a', outcome: () => Promise<unknown> = () => Promise.resolve('told')) =>
  throttle.run(chatId, { on }, rule, async () => {
    told.push(`${chatId} ${String(on)}`);
    return { data: await outcome() };
  });
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

describe('what is said again and again', () => {
  it('is told once in a while, and answered each time', async () => {
    expect(await say(true)).toEqual({ data: 'told' });
    for (let n = 0; n < 19; n++) {
      await pass(100);
      expect(await say(true)).toEqual({ data: { on: true } });
    }
    expect(told).toEqual(['a true']);
    await pass(100);
    await say(true);
    expect(told).toEqual(['a true', 'a true']);
  });

  it('follows when it has become something else: the latest, and nothing in between', async () => {
    await say(true);
    for (const on of [false, true, false]) await say(on);
    expect(told).toEqual(['a true']);
    await pass(2_000);
    expect(told).toEqual(['a true', 'a false']);
  });

  it('does not follow when in the end it is what was told', async () => {
    await say(true);
    for (const on of [false, true]) await say(on);
    await pass(10_000);
    expect(told).toEqual(['a true']);
  });

  it('is held again after what followed', async () => {
    await say(true);
    await say(false);
    await pass(2_000);
    await say(true);
    await pass(1_999);
    expect(told).toEqual(['a true', 'a false']);
    await pass(1);
    expect(told).toEqual(['a true', 'a false', 'a true']);
  });

  it('is each chat\'s own', async () => {
    await say(true);
    await say(true, 'b');
    expect(told).toEqual(['a true', 'b true']);
  });
});

it('nothing follows once something else has been done in the chat that says it all, or nobody is there any more', async () => {
  await say(false);
  await say(true);
  throttle.forget('a', 'readMessages');
  throttle.forget('b', 'sendMessage');
  await pass(2_000);
  expect(told).toEqual(['a false', 'a true']);

  await say(false);
  throttle.forget('a', 'sendMessage');
  await pass(2_000);
  expect(told).toHaveLength(2);

  await say(true);
  await say(false);
  throttle.clear();
  await pass(2_000);
  expect(told).toHaveLength(3);
});

it('whoever is held hears the refusal of the one before, and one that follows refused hurts nobody', async () => {
  const refuse = () => Promise.reject(new Failure('CHAT_NOT_FOUND'));
  await expect(say(true, 'a', refuse)).rejects.toThrow('There is no such chat.');
  await expect(say(true)).rejects.toThrow('There is no such chat.');
  await expect(say(false, 'a', refuse)).rejects.toThrow('There is no such chat.');
  await pass(2_000);
  expect(told).toEqual(['a true', 'a false']);
});
