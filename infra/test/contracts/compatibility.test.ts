import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { breaksOf, type Direction } from './compatibility.ts';
import { jsonSchemaOf } from './json-schema.ts';

const Was = z.strictObject({
  id: z.string().max(10),
  status: z.enum(['OPEN', 'CLOSED']),
  text: z.string().optional(),
  tags: z
    .array(z.object({ name: z.string() }))
    .max(5)
    .optional(),
  size: z.int().min(0),
});
const { id, status, text, tags, size } = Was.shape;

const breaks = (direction: Direction, was: z.ZodType, is: z.ZodType): string[] =>
  breaksOf(
    { asked: { direction, schema: jsonSchemaOf(was) } },
    { asked: { direction, schema: jsonSchemaOf(is) } },
  );

const tell = z.object(Was.shape);

describe('what others say to us', () => {
  it.each([
    [
      'a field that is gone',
      Was.omit({ text: true }),
      ['asked.text is gone', 'asked.text was taken and is refused'],
    ],
    [
      'a field that is required by now',
      Was.extend({ text: z.string() }),
      ['asked without text was taken and is refused'],
    ],
    [
      'a new field that is required',
      Was.extend({ reason: z.string() }),
      ['asked without reason was taken and is refused'],
    ],
    [
      'a shorter text',
      Was.extend({ id: z.string().max(5) }),
      ['asked.id: what is beyond maxLength 5 was taken and is refused'],
    ],
    [
      'one value less',
      Was.extend({ status: z.enum(['OPEN']) }),
      ['asked.status: "CLOSED" was taken and is refused'],
    ],
    ['another type', Was.extend({ size: z.string() }), ['asked.size: integer was taken and is refused']],
    [
      'a pattern',
      Was.extend({ id: z.string().max(10).regex(/^a/) }),
      ['asked.id: what is beyond pattern "^a" was taken and is refused'],
    ],
    [
      'a field of an item that is required by now',
      Was.extend({
        tags: z
          .array(z.object({ name: z.string(), at: z.string() }))
          .max(5)
          .optional(),
      }),
      ['asked.tags[] without at was taken and is refused'],
    ],
    [
      'a closed object',
      Was.extend({
        tags: z
          .array(z.strictObject({ label: z.string().optional() }))
          .max(5)
          .optional(),
      }),
      ['asked.tags[].name is gone', 'asked.tags[].name was taken and is refused'],
    ],
    [
      'fewer items',
      Was.extend({
        tags: z
          .array(z.object({ name: z.string() }))
          .max(4)
          .optional(),
      }),
      ['asked.tags: what is beyond maxItems 4 was taken and is refused'],
    ],
    [
      'a higher least',
      Was.extend({ size: z.int().min(1) }),
      ['asked.size: what is beyond minimum 1 was taken and is refused'],
    ],
  ])('breaks by %s', (_what, is, expected) => {
    expect(breaks('in', Was, is)).toEqual(expected);
  });

  it.each([
    ['nothing', Was],
    ['a new field that may be there', Was.extend({ reason: z.string().optional() })],
    ['a longer text', Was.extend({ id: z.string().max(20) })],
    ['a value more', Was.extend({ status: z.enum(['OPEN', 'CLOSED', 'PENDING']) })],
    ['a field that need not be there any more', Was.extend({ id: id.optional() })],
    ['any number in place of a whole one', Was.extend({ size: z.number().min(0) })],
    ['another form beside it', z.union([z.string(), Was])],
  ])('does not break by %s', (_what, is) => {
    expect(breaks('in', Was, is)).toEqual([]);
  });
});

describe('what we say to others', () => {
  it.each([
    ['a field that is gone', tell.omit({ text: true }), ['asked.text is gone']],
    [
      'a field that need not be there any more',
      tell.extend({ id: id.optional() }),
      ['asked without id may be what it never was'],
    ],
    [
      'a value more',
      tell.extend({ status: z.enum(['OPEN', 'CLOSED', 'PENDING']) }),
      ['asked.status: "PENDING" may be what it never was'],
    ],
    [
      'another type',
      tell.extend({ size: z.string() }),
      [
        'asked.size: string may be what it never was',
        'asked.size: what is beyond minimum 0 may be what it never was',
        'asked.size: what is beyond maximum 9007199254740991 may be what it never was',
      ],
    ],
    ['null', tell.extend({ text: text.nullable() }), ['asked.text: null may be what it never was']],
    [
      'a longer text',
      tell.extend({ id: z.string() }),
      ['asked.id: what is beyond maxLength 10 may be what it never was'],
    ],
    ['another form beside it', z.union([z.string(), tell]), ['asked: string may be what it never was']],
    [
      'an item that lacks a field',
      tell.extend({
        tags: z
          .array(z.object({ name: z.string().optional() }))
          .max(5)
          .optional(),
      }),
      ['asked.tags[] without name may be what it never was'],
    ],
  ])('breaks by %s', (_what, is, expected) => {
    expect(breaks('out', tell, is)).toEqual(expected);
  });

  it.each([
    ['a new field', tell.extend({ reason: z.string() })],
    ['a field that is always there by now', tell.extend({ text: z.string(), tags: tags.unwrap() })],
    ['one value less', tell.extend({ status: z.literal('OPEN') })],
    ['a narrower number', tell.extend({ size: size.min(5) })],
    ['one of its forms less', tell],
  ])('does not break by %s', (_what, is) => {
    expect(breaks('out', tell, is)).toEqual([]);
    expect(breaks('out', z.union([z.string(), tell]), is)).toEqual([]);
  });
});

it('what is gone as a whole is named, and what is new breaks nobody', () => {
  const schema = jsonSchemaOf(status);
  expect(
    breaksOf(
      { a: { direction: 'in', schema }, b: { direction: 'out', schema } },
      { b: { direction: 'out', schema }, c: { direction: 'in', schema } },
    ),
  ).toEqual(['a is gone']);
});
