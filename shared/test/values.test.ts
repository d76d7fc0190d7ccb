import { describe, expect, it } from '@jest/globals';
import {
  Actor,
  ChatId,
  mayEnter,
  NewMessage,
  PageLimit,
  Rev,
  SocketRef,
  Text,
  UserId,
} from '@switchboard/shared/contracts';
import type { z } from 'zod';

const accepts = (schema: z.ZodType, value: unknown): boolean => schema.safeParse(value).success;

describe('a text', () => {
  it.each([
    ['one letter', 'a'],
    ['8,000 characters', 'x'.repeat(8000)],
    ['8,000 characters that take two code units each', '😀'.repeat(8000)],
    ['control characters around a letter', '\u0001\ta\r\n'],
    ['white space around a letter', ' \u3000a\u200B'],
    ['a family', '👩‍👩‍👧'],
    ['a letter and a combining mark', 'e\u0301'],
    ['right to left', '\u202Eabc'],
    ['a private-use character', '\uE000'],
    ['markup', '<b>&amp;</b>'],
    ['a zero', '0'],
  ])('may be %s, and stays unchanged', (_, text) => {
    expect(Text.parse(text)).toBe(text);
  });

  it.each([
    ['empty', ''],
    ['a space', ' '],
    ['tabs and line ends', '\t\r\n\v\f'],
    ['a no-break space', '\u00A0'],
    ['an ideographic space', '\u3000'],
    ['an ogham space', '\u1680'],
    ['en and em spaces', '\u2000\u2003\u200A\u202F\u205F'],
    ['line and paragraph separators', '\u2028\u2029'],
    ['zero-width', '\u200B\u200C\u200D\u2060\uFEFF'],
    ['direction marks', '\u200E\u200F\u202E\u2066\u061C'],
    ['a Mongolian vowel separator', '\u180E'],
    ['a soft hyphen', '\u00AD'],
    ['Hangul fillers', '\u3164\uFFA0\u115F\u1160'],
    ['a blank Braille pattern', '\u2800'],
    ['Khmer inherent vowels', '\u17B4\u17B5'],
    ['a grapheme joiner', '\u034F'],
    ['variation selectors', '\uFE0F\uFE00'],
    ['control characters', '\u0001\u007F\u0085'],
    ['tag characters', '\u{E0020}\u{E007F}'],
    ['NUL in words', 'a\0b'],
    ['a lone high surrogate', 'a\uD83D'],
    ['a lone low surrogate', '\uDE00a'],
    ['surrogates the wrong way round', '\uDE00\uD83D'],
    ['8,001 characters', 'x'.repeat(8001)],
    ['8,001 characters that take two code units each', '😀'.repeat(8001)],
    ['a number', 1],
    ['null', null],
    ['a list', ['a']],
  ])('may not be %s', (_, text) => {
    expect(accepts(Text, text)).toBe(false);
  });
});

describe('ids', () => {
  it.each(['0193a1b2-0000-7000-8000-000000000001', '00000000-0000-0000-0000-000000000000'])(
    'of chats may be %s',
    (id) => {
      expect(ChatId.parse(id)).toBe(id);
    },
  );

  it('may come in capitals, and read as in lower case', () => {
    expect(ChatId.parse('0193A1B2-0000-7000-8000-00000000000A')).toBe('0193a1b2-0000-7000-8000-00000000000a');
  });

  it.each([
    '',
    'x',
    '0193a1b2-0000-7000-8000-00000000000',
    '0193a1b2-0000-7000-8000-000000000001 ',
    '0193a1b200007000800000000000000001',
    7,
    null,
    undefined,
    {},
    ['0193a1b2-0000-7000-8000-000000000001'],
  ])('of chats may not be %j', (id) => {
    expect(accepts(ChatId, id)).toBe(false);
  });

  it.each([1, Number.MAX_SAFE_INTEGER])('of users may be %d', (id) => {
    expect(UserId.parse(id)).toBe(id);
  });

  it.each([0, -1, 1.5, Number.MAX_SAFE_INTEGER + 1, Infinity, NaN, '1', null])(
    'of users may not be %j',
    (id) => {
      expect(accepts(UserId, id)).toBe(false);
    },
  );
});

describe('a new message', () => {
  const id = '0193a1b2-0000-7000-8000-000000000001';

  it.each([
    { text: 'a' },
    { fileId: id },
    { text: 'a', fileId: id, replyToId: id, clientMessageId: 'k' },
    { text: 'a', clientMessageId: 'k'.repeat(64) },
  ])('may be %j', (message) => {
    expect(NewMessage.parse(message)).toEqual(message);
  });

  it.each([
    {},
    { replyToId: id },
    { text: '' },
    { text: 'a', extra: 1 },
    { text: 'a', clientMessageId: '' },
    { text: 'a', clientMessageId: 'k'.repeat(65) },
    { text: 'a', clientMessageId: 'k\0' },
    { text: 'a', clientMessageId: '\uD800' },
    { text: 'a', fileId: 'x' },
    'a',
    null,
  ])('may not be %j', (message) => {
    expect(accepts(NewMessage, message)).toBe(false);
  });
});

it('a page limit is an integer from 1 to 100, and a rev an integer from 0', () => {
  expect([0, 1, 100, 101, 1.5, '5'].map((limit) => accepts(PageLimit, limit))).toEqual([
    false,
    true,
    true,
    false,
    false,
    false,
  ]);
  expect([-1, 0, 1, 0.5].map((rev) => accepts(Rev, rev))).toEqual([false, true, true, false]);
});

it('an actor has an id, an address and one of two roles', () => {
  const actor = { id: 7, email: 'a@b.c', role: 'client' };
  expect(accepts(Actor, actor)).toBe(true);
  for (const invalid of [{ role: 'root' }, { id: 0 }, { email: 'x'.repeat(321) }])
    expect(accepts(Actor, { ...actor, ...invalid })).toBe(false);
});

it('a socket reference has a socket id of at most 64 characters and a gateway id', () => {
  const gatewayId = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
  expect(accepts(SocketRef, { id: 's', gatewayId })).toBe(true);
  for (const invalid of [
    { id: '', gatewayId },
    { id: 'x'.repeat(65), gatewayId },
    { id: 's', gatewayId: 'g' },
  ])
    expect(accepts(SocketRef, invalid)).toBe(false);
});

it('a client may enter only their own chats, an admin any chat', () => {
  const client = { id: 7, email: '', role: 'client' } as const;
  const admin = { id: 8, email: '', role: 'admin' } as const;
  expect([
    mayEnter(client, { clientId: 7 }),
    mayEnter(client, { clientId: 8 }),
    mayEnter(admin, { clientId: 7 }),
  ]).toEqual([true, false, true]);
});
