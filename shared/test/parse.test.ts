import { describe, expect, it } from '@jest/globals';
import { ChatId, messageContracts, MessageId, parse } from '@switchboard/shared/contracts';
import { z } from 'zod';
import { parseTolerantly } from '../src/bus/serve.ts';
import { failureOf } from './failure-of.ts';

const id = '0193a1b2-0000-7000-8000-000000000001';
const Message = z.strictObject({ chatId: ChatId, replyToId: MessageId.optional(), text: z.string().min(1) });

describe('parse', () => {
  it('returns the output of the schema', () => {
    expect(parse(Message, { chatId: id, text: 'a' })).toEqual({ chatId: id, text: 'a' });
  });

  it('throws the code of an id when only that id is invalid', async () => {
    expect(await failureOf(() => parse(Message, { chatId: 'x', text: 'a' }))).toMatchObject({
      code: 'CHAT_NOT_FOUND',
      details: undefined,
    });
    expect(await failureOf(() => parse(Message, { chatId: id, replyToId: 'x', text: 'a' }))).toMatchObject({
      code: 'MESSAGE_NOT_FOUND',
    });
    expect(await failureOf(() => parse(Message, { chatId: 'x', replyToId: 'x', text: 'a' }))).toMatchObject({
      code: 'CHAT_NOT_FOUND',
    });
    expect(
      await failureOf(() =>
        parse(messageContracts.readMessages.payload, { chatId: id, messageIds: [id, 'x', 'y'] }),
      ),
    ).toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
  });

  it('throws VALIDATION with path and problem for any other mistake', async () => {
    const failure = await failureOf(() => parse(Message, { chatId: 'x', text: '', extra: 1 }));
    expect(failure.code).toBe('VALIDATION');
    expect(failure.details).toEqual({
      issues: [
        { path: 'chatId', problem: 'CHAT_NOT_FOUND' },
        { path: 'text', problem: expect.stringContaining('>=1') },
        { path: '', problem: expect.stringContaining('"extra"') },
      ],
    });
  });

  it('throws VALIDATION for an id of the wrong type', async () => {
    expect(await failureOf(() => parse(Message, { chatId: 7, text: 'a' }))).toMatchObject({
      code: 'VALIDATION',
      details: { issues: [{ path: 'chatId' }] },
    });
  });

  it('names at most five mistakes, each in short', async () => {
    const failure = await failureOf(() =>
      parse(
        z.array(z.int()),
        Array.from({ length: 50 }, () => 'x'),
      ),
    );
    expect(failure.details?.['issues']).toHaveLength(5);
    const long = await failureOf(() => parse(Message, { chatId: id, text: 'a', ['k'.repeat(100_000)]: 1 }));
    expect(JSON.stringify(long.details).length).toBeLessThan(500);
    const deep = await failureOf(() => parse(z.record(z.string(), z.int()), { ['k'.repeat(100_000)]: 'x' }));
    expect(JSON.stringify(deep.details).length).toBeLessThan(500);
  });
});

describe('a tolerant reader', () => {
  const Inner = z.strictObject({ n: z.int() });
  const Outer = z
    .strictObject({ one: Inner, many: z.array(Inner), chatId: ChatId.optional() })
    .refine(({ one, many }) => many.length >= one.n, { error: 'too few' });

  it('drops unknown fields at any depth', () => {
    const data = { one: { n: 1, x: 1 }, many: [{ n: 1 }, { n: 2, y: { z: 1 } }], w: [1] };
    expect(parseTolerantly(Outer, data)).toEqual({ one: { n: 1 }, many: [{ n: 1 }, { n: 2 }] });
    expect(data.many[1]).toEqual({ n: 2, y: { z: 1 } });
  });

  it('keeps known fields as they came', () => {
    expect(parseTolerantly(Outer, { one: { n: 0 }, many: [] })).toEqual({ one: { n: 0 }, many: [] });
  });

  it.each([
    ['a wrong type', { one: { n: 'x', x: 1 }, many: [] }, 'VALIDATION'],
    ['a missing field', { one: { n: 1 }, x: 1 }, 'VALIDATION'],
    ['a broken rule', { one: { n: 1, x: 1 }, many: [] }, 'VALIDATION'],
    ['an id that is none', { one: { n: 0 }, many: [], chatId: 'x' }, 'CHAT_NOT_FOUND'],
    [
      'an id that is none, beside something unknown',
      { one: { n: 0 }, many: [], chatId: 'x', y: 1 },
      'CHAT_NOT_FOUND',
    ],
    ['no object', 'x', 'VALIDATION'],
    ['nothing', undefined, 'VALIDATION'],
  ])('is as strict as the edge about %s', async (_, data, code) => {
    expect(await failureOf(() => parseTolerantly(Outer, data))).toMatchObject({ code });
  });

  it('reports invalid fields, not unknown ones', async () => {
    const { details } = await failureOf(() => parseTolerantly(Outer, { one: { n: 'x' }, many: [], y: 1 }));
    expect(details).toEqual({ issues: [{ path: 'one.n', problem: expect.any(String) }] });
  });
});

it('cuts what a problem repeats between graphemes', async () => {
  for (let length = 160; length < 200; length++) {
    const key = `${'x'.repeat(length)}${'👩‍👧'.repeat(20)}`;
    const { details } = await failureOf(() => parse(z.strictObject({}), { [key]: 1 }));
    expect(JSON.stringify(details)).toMatch(/x(👩‍👧)*"/u);
  }
});
