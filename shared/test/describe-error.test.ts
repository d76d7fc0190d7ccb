import { expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { describeError } from '../src/runtime/describe-error.ts';

it('shows type, message, code, stack and cause of an error, and no attached property', () => {
  const driver = Object.assign(new Error('duplicate key'), {
    code: '23505',
    detail: 'Failing row contains (a secret between us).',
  });
  const failed = new QueryFailedError(
    'INSERT INTO message.message (text) VALUES ($1)',
    ['a secret between us'],
    driver,
  );
  const outer = new Error('could not send', { cause: failed });
  const described = describeError(outer);
  expect(described).toEqual({
    type: 'Error',
    message: 'could not send',
    stack: expect.stringMatching(/^ +at /),
    cause: {
      type: 'QueryFailedError',
      message: 'duplicate key',
      code: '23505',
      stack: expect.stringMatching(/^ +at /),
    },
  });
  expect(JSON.stringify(described)).not.toContain('secret');
});

it('does not repeat an invalid connection string', () => {
  const error = (() => {
    try {
      return new URL('nats//user:password@host');
    } catch (caught) {
      return caught;
    }
  })();
  expect(JSON.stringify(describeError(error))).not.toContain('password');
});

it('leaves out the quotes of parsers and Postgres, in the stack too', () => {
  const error = ((): unknown => {
    try {
      return JSON.parse('my secret text');
    } catch (caught) {
      return caught;
    }
  })();
  expect(JSON.stringify(describeError(error))).not.toContain('secret');
  expect(
    describeError(new QueryFailedError('', [], new Error('invalid input syntax: "my secret text"'))).message,
  ).toBe('invalid input syntax: …');
});

it('survives a circle of causes and a value without text', () => {
  const round = new Error('round');
  round.cause = round;
  expect(describeError(round).cause?.cause?.cause?.cause?.cause).toMatchObject({ message: 'round' });
  expect(describeError(Object.create(null))).toEqual({
    type: 'object',
    message: 'a value without text',
  });
  expect(describeError(new AggregateError([new Error('refused')])).cause).toMatchObject({
    message: 'refused',
  });
});

it.each([
  ['text', 'string'],
  [7, 'number'],
  [undefined, 'undefined'],
  [null, 'object'],
])('shows %j, thrown instead of an error, as its text', (thrown, type) => {
  expect(describeError(thrown)).toEqual({ type, message: String(thrown) });
});
