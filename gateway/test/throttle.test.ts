import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { Throttle } from '../src/events/throttle.ts';

const rule = { everyMs: 2_000, endedBy: ['sendMessage'], answer: (payload: { on: boolean }) => payload };

let throttle: Throttle;
let forwarded: string[];
beforeEach(() => {
  jest.useFakeTimers();
  throttle = new Throttle();
  forwarded = [];
});
afterEach(() => {
  throttle.clear();
  jest.useRealTimers();
});

const send = (
  on: boolean,
  chatId = 'a',
  outcome: () => Promise<unknown> = () => Promise.resolve('forwarded'),
) =>
  throttle.run(chatId, { on }, rule, async () => {
    forwarded.push(`${chatId} ${String(on)}`);
    return { data: await outcome() };
  });
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

describe('a repeated event', () => {
  it('is forwarded once per window and replied to each time', async () => {
    expect(await send(true)).toEqual({ data: 'forwarded' });
    for (let n = 0; n < 19; n++) {
      await pass(100);
      expect(await send(true)).toEqual({ data: { on: true } });
    }
    expect(forwarded).toEqual(['a true']);
    await pass(100);
    await send(true);
    expect(forwarded).toEqual(['a true', 'a true']);
  });

  it('with other payloads is forwarded after the window: the latest only', async () => {
    await send(true);
    for (const on of [false, true, false]) await send(on);
    expect(forwarded).toEqual(['a true']);
    await pass(2_000);
    expect(forwarded).toEqual(['a true', 'a false']);
  });

  it('is not forwarded when it ends with the forwarded payload', async () => {
    await send(true);
    for (const on of [false, true]) await send(on);
    await pass(10_000);
    expect(forwarded).toEqual(['a true']);
  });

  it('is held again in the next window', async () => {
    await send(true);
    await send(false);
    await pass(2_000);
    await send(true);
    await pass(1_999);
    expect(forwarded).toEqual(['a true', 'a false']);
    await pass(1);
    expect(forwarded).toEqual(['a true', 'a false', 'a true']);
  });

  it('is throttled per chat', async () => {
    await send(true);
    await send(true, 'b');
    expect(forwarded).toEqual(['a true', 'b true']);
  });
});

it('drops a held event after one that makes it obsolete, or after clear', async () => {
  await send(false);
  await send(true);
  throttle.dropObsolete('a', 'readMessages');
  throttle.dropObsolete('b', 'sendMessage');
  await pass(2_000);
  expect(forwarded).toEqual(['a false', 'a true']);

  await send(false);
  throttle.dropObsolete('a', 'sendMessage');
  await pass(2_000);
  expect(forwarded).toHaveLength(2);

  await send(true);
  await send(false);
  throttle.clear();
  await pass(2_000);
  expect(forwarded).toHaveLength(3);
});

it('rejects held events with the failure of the forwarded one', async () => {
  const refuse = () => Promise.reject(new Failure('CHAT_NOT_FOUND'));
  await expect(send(true, 'a', refuse)).rejects.toThrow('There is no such chat.');
  await expect(send(true)).rejects.toThrow('There is no such chat.');
  await expect(send(false, 'a', refuse)).rejects.toThrow('There is no such chat.');
  await pass(2_000);
  expect(forwarded).toEqual(['a true', 'a false']);
});
